import {
  checkCommit,
  runningCommit,
  type Commit,
  type Confirmed,
} from '../../../deployment/commit';
import type { Container } from '../../../deployment/container';
import type { ServicePlan } from '../../../deployment/run-plan';
import { isSameRelease } from '../../../deployment/release';
import type { Run } from '../run';

/** Compares the running commit of a service with the workspace; `undefined` if the running commit is unknown. */
export async function checkRunning(
  { commit, ancestryOf, mode, environment }: Run,
  {
    service,
    desired,
    plan,
    current,
  }: Pick<ServicePlan, 'service' | 'desired' | 'plan' | 'current'>,
  containers: readonly Container[],
  confirmed: Confirmed,
): Promise<Pick<ServicePlan, 'commit'>> {
  if (mode.destination.kind === 'release' || mode.destination.kind === 'promote') return {};
  const runs = runningCommit(service, containers, confirmed);
  if (!runs) return {};
  const check = checkCommit(runs, commit, await ancestryOf(runs.id));
  // The same image with another password undoes no commit.
  const isSame =
    plan.kind === 'keep' ||
    (current !== undefined &&
      isSameRelease(current, desired) &&
      current.replicas === desired.replicas);
  const isAllowed = mode.allowOlder || environment.olderCommits === 'allow';
  return { commit: { ...check, isSame, isRefused: check.takesBack && !isSame && !isAllowed } };
}

/** The commit in the labels of new containers. */
export function commitOfRoll(run: Run, { desired, commit }: ServicePlan): Commit | undefined {
  if (desired.release) return desired.release.commit;
  if (desired.commit) return desired.commit;
  return commit?.isSame && commit.takesBack ? commit.runs : run.commit;
}
