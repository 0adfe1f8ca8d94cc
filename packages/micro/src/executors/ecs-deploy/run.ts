import type { Aws } from '../../effects/aws';
import type { Clock } from '../../effects/clock';
import type { WorkspaceCommit } from '../../effects/workspace-commit';
import type { EcsScope } from '../../ecs/names';
import type { EcsEnvironment } from '../../platform/ecs-environment';
import type { Platform } from '../../platform/platform';
import type { DeployMode } from '../deploy-options';
import type { DeployRequest } from '../deploy-request';

/** A deploy run with everything that was read and decided for it. */
export interface Run extends DeployRequest, WorkspaceCommit {
  mode: DeployMode;
  environment: EcsEnvironment;
  /** Every service of the workspace. */
  platform: Platform;
  scope: EcsScope;
  aws: Aws;
  /** Used for undoing, which must not be interrupted. */
  undo: { aws: Aws; clock: Clock };
  failures: Map<string, Error>;
}
