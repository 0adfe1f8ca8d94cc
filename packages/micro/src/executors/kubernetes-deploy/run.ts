import type { Cluster } from '../../effects/cluster';
import type { Clock } from '../../effects/clock';
import type { WorkspaceCommit } from '../../effects/workspace-commit';
import type { Scope } from '../../kubernetes/object';
import type { KubernetesEnvironment } from '../../platform/kubernetes-environment';
import type { Platform } from '../../platform/platform';
import type { Secret } from '../../platform/secret';
import { UserError } from '../../platform/user-error';
import type { DeployMode } from '../deploy-options';
import type { DeployRequest } from '../deploy-request';
import type { LookAtEntry } from './roll/look';

/** A deploy run with everything that was read and decided for it. */
export interface Run extends DeployRequest, WorkspaceCommit {
  mode: DeployMode;
  environment: KubernetesEnvironment;
  /** Every service of the workspace. */
  platform: Platform;
  scope: Scope;
  cluster: Cluster;
  /** Used for undoing, which must not be interrupted. */
  undo: { cluster: Cluster; clock: Clock };
  failures: Map<string, Error>;
  /** What the Secrets of today hold, by their names. */
  secrets: Map<string, ReadonlyMap<string, Secret>>;
  /** Reads what there is of an entry, for all who ask at the same time. */
  look: LookAtEntry;
}

/** Does `work` for a service. If it fails, the error is recorded and the other services continue. */
export async function attempt<T>(
  { failures }: Pick<Run, 'failures'>,
  service: string,
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    failures.set(service, error as Error);
    return undefined;
  }
}

/** Prints lines about one service. */
export function tellOf(
  { tell, tasks, repeat }: Pick<Run, 'tell' | 'tasks' | 'repeat'>,
  service: string,
): (line: string) => void {
  const task = tasks.find((one) => one.service.name === service);
  return (line) => {
    tell(line);
    if (repeat?.has(service)) task?.say(line);
  };
}

/** Marks all other services of a run as failed, because some cannot be deployed. */
export function failAll({ failures, tasks }: Run, what: string): void {
  const why = [...failures.keys()].join(', ');
  for (const { service } of tasks) {
    if (failures.has(service.name)) continue;
    failures.set(service.name, new UserError(`${why} cannot be deployed, so ${what}`));
  }
}
