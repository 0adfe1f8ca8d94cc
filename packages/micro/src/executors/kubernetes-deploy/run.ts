import type { Cluster } from '../../effects/cluster';
import type { Clock } from '../../effects/clock';
import type { WorkspaceCommit } from '../../effects/workspace-commit';
import type { Scope } from '../../kubernetes/object';
import type { KubernetesEnvironment } from '../../platform/kubernetes-environment';
import type { Platform } from '../../platform/platform';
import type { Secret } from '../../platform/secret';
import type { DeployMode } from '../deploy-options';
import type { DeployRequest } from '../deploy-request';
import type { LookAtEntry } from './roll/look';

/** A deploy run with everything that was read and decided for it. */
export interface Run extends DeployRequest, WorkspaceCommit {
  mode: DeployMode;
  environment: KubernetesEnvironment;
  /** Every service of the workspace. */
  platform: Platform;
  /** The names of what observes the platform in the environment. */
  parts: readonly string[];
  scope: Scope;
  cluster: Cluster;
  /** Used for undoing, which must not be interrupted. */
  undo: { cluster: Cluster; clock: Clock };
  failures: Map<string, Error>;
  /** Why parts of observability could not be deployed, by their names. They fail no service. */
  partFailures: Map<string, Error>;
  /** What the Secrets of today hold, by their names. */
  secrets: Map<string, ReadonlyMap<string, Secret>>;
  /** Reads what there is of an entry, for all who ask at the same time. */
  look: LookAtEntry;
}
