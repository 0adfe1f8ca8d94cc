import { formatCommit } from '../../../deployment/commit';
import { timestamp } from '../../../effects/clock';
import type { ClusterState } from '../../../effects/cluster-state';
import { entryOf, type LiveObject } from '../../../kubernetes/live-object';
import {
  bookObject,
  nextRelease,
  withCurrent,
  type ClusterRelease,
  type RunningCanary,
} from '../../../kubernetes/release-book';
import { judgeRollout } from '../../../kubernetes/rollout';
import { isSecretOf } from '../../../kubernetes/secret-name';
import type { ServicePlan } from '../../../kubernetes/service-plan';
import type { Run } from '../run';
import { applyObjects, deleteObjects } from './apply';

/** The release that a roll of a service leads to: a new one, or one that the cluster remembers. */
export function releaseOf(run: Run, plan: ServicePlan, { books }: ClusterState): ClusterRelease {
  const { service, desired, current } = plan;
  const { key, image, recorded, hash, entry, jobs } = desired;
  const book = books.get(service);
  const again = desired.release ?? book?.releases.find((one) => one.hash === hash);
  const commit = commitOf(run, plan);
  const { secretName } = entry;
  const ran = jobs.map(({ objects }) => objects[0]!.metadata!.name!);
  return {
    ...{ number: nextRelease(book), since: timestamp(run.clock) },
    ...again,
    ...{ key, image, hash, objects: recorded, secret: entry.secret },
    ...(commit === undefined ? {} : { commit }),
    ...(secretName === undefined ? {} : { secretName }),
    jobs: ran.length > 0 ? ran : (again?.jobs ?? current?.jobs ?? []),
  };
}

/** The commit that is noted: of a release that is gone back to, its own. */
function commitOf(run: Run, { desired, commit }: ServicePlan): string | undefined {
  if (desired.release) return desired.release.commit;
  if (commit?.takesBack) return formatCommit(commit.runs);
  return run.commit && formatCommit(run.commit);
}

/** Writes that a release serves into the cluster, and removes what only earlier ones needed. */
export async function recordRelease(
  run: Run,
  plan: ServicePlan,
  release: ClusterRelease,
  state: ClusterState,
): Promise<void> {
  const { service } = plan;
  const { scope, environment } = run;
  // Not interruptible: a release that serves must be recorded as such.
  const applying = { cluster: run.undo.cluster, say: run.tell };
  const before = state.books.get(service);
  const isEnd = plan.canary?.action !== 'run';
  const book = {
    ...withCurrent(before, release, environment.releases),
    ...(isEnd || !before?.canary ? {} : { canary: before.canary }),
  };
  await applyObjects(applying, [bookObject(scope, service, book)], `the releases of ${service}`);
  await deleteObjects(
    run.undo.cluster,
    [...surplusSecrets(plan, state), ...surplusJobs(plan, state)],
    `what earlier releases of ${service} needed`,
  );
}

/** Writes that a canary runs beside the release that serves, or that none does. */
export async function recordCanary(
  run: Run,
  { service }: ServicePlan,
  canary: RunningCanary | undefined,
  { books }: ClusterState,
): Promise<void> {
  const applying = { cluster: run.undo.cluster, say: run.tell };
  const { current, releases } = books.get(service)!;
  const book = { current, releases, ...(canary ? { canary } : {}) };
  await applyObjects(
    applying,
    [bookObject(run.scope, service, book)],
    `the releases of ${service}`,
  );
}

/** Secrets of the service and its jobs, but for those of this release and of the one before. */
function surplusSecrets({ desired, current }: ServicePlan, { secrets }: ClusterState) {
  const kept = [
    current?.secretName,
    ...[desired.entry, ...desired.jobs].map((one) => one.secretName),
  ];
  return [desired.entry, ...desired.jobs].flatMap(({ name }) =>
    [...secrets]
      .filter((secret) => isSecretOf(name, secret) && !kept.includes(secret))
      .map((secret) => ({ kind: 'Secret', metadata: { name: secret } })),
  );
}

/** How many Jobs that ended are kept for their logs, of each entry. */
const KEPT_JOBS = 3;

function surplusJobs({ desired }: ServicePlan, { objects }: ClusterState): LiveObject[] {
  return desired.jobs.flatMap(({ name, objects: [job] }) =>
    objects
      .filter((one) => one.kind === 'Job' && entryOf(one) === name)
      .filter((one) => one.metadata.name !== job!.metadata!.name && hasEnded(one))
      .sort((a, b) => (time(a) < time(b) ? 1 : -1))
      .slice(KEPT_JOBS - 1),
  );
}

function hasEnded(job: LiveObject): boolean {
  return judgeRollout('Job', job.metadata.name, { objects: [job], now: 0 }).kind !== 'rolling';
}

function time({ metadata }: LiveObject): string {
  return metadata.creationTimestamp ?? '';
}
