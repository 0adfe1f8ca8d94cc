import type { CommitCheck } from '../deployment/commit';
import { UserError } from '../platform/user-error';
import type { ServiceTask } from './service-task';

/** The services of a deploy run, and why some were not deployed, by their names. */
interface Failing {
  tasks: readonly ServiceTask[];
  failures: Map<string, Error>;
}

/** Does `work` for a service. If it fails, the error is recorded and the other services continue. */
export async function attempt<T>(
  { failures }: Pick<Failing, 'failures'>,
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

/** Does work that several services need. If it fails, the error is recorded for each of them. */
export async function attemptForAll(
  run: Pick<Failing, 'failures'>,
  services: readonly string[],
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    for (const service of services) run.failures.set(service, error as Error);
  }
}

/** Marks all other services of a run as failed, because some cannot be deployed. */
export function failAll({ failures, tasks }: Failing, what: string): void {
  const why = [...failures.keys()].join(', ');
  for (const { service } of tasks) {
    if (failures.has(service.name)) continue;
    failures.set(service.name, new UserError(`${why} cannot be deployed, so ${what}`));
  }
}

/** A service of a plan, with its running commit, if that is known. */
interface Checked {
  service: string;
  commit?: (CommitCheck & { isRefused: boolean }) | undefined;
}

/** @returns whether a service would lose commits, so that nothing may be deployed. */
export function refuseOlder(run: Failing, { services }: { services: readonly Checked[] }): boolean {
  const refused = services.filter(({ commit }) => commit?.isRefused);
  for (const { service, commit } of refused) {
    run.failures.set(
      service,
      new UserError(
        `${service}: ${commit!.reason}. Update the workspace, deploy anyway with --allow-older, or go back to a release with --rollback`,
      ),
    );
  }
  if (refused.length > 0) failAll(run, 'nothing was changed');
  return refused.length > 0;
}
