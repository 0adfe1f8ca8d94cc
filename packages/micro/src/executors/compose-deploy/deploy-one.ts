import { timestamp } from '../../effects/clock';
import type { ComposeProject } from '../../docker/compose';
import type { ServiceTask } from '../service-task';
import { secretsOf } from './prepare/read-secrets';
import { type Release, isSameRelease, nextNumber } from '../../deployment/release';
import { stillOpen, surplusReleases } from '../../deployment/release-retention';
import {
  type ReleaseBook,
  closeRelease,
  forgetReleases,
  openRelease,
  reopenRelease,
} from '../../effects/release-book';
import type { RollEvents } from './roll/roll-state';
import { rollSlice } from './roll/roll-slice';
import { type Facts, type Run } from './run';
import { commitOfRoll } from './prepare/check-commits';
import { startNeeds } from './prepare/start-needs';
import { reachNeeds } from './prepare/reach-needs';
import { runJobs } from './prepare/run-jobs';
import type { ServicePlan } from '../../deployment/run-plan';
import type { Container } from '../../deployment/container';
import type { DesiredState } from '../../deployment/desired-state';
import { RollFailure } from './roll/roll-service';
import { removeLeftovers } from './roll/leftovers';

/** A service that was deployed. */
export interface Rolled {
  task: ServiceTask;
  desired: DesiredState;
  release: Release;
  containers: readonly Container[];
  kept: boolean;
  /** Duration in milliseconds. */
  took: number;
}

/** Deploys one service. @throws {UserError} if it failed; then the service runs as before. */
export async function deployOne(
  run: Run,
  project: ComposeProject | undefined,
  one: ServicePlan,
  { releases, containers: before }: Facts,
  datastores: Map<string, Promise<void>>,
  events: RollEvents,
): Promise<Rolled> {
  const { service, desired, plan, starts, current } = one;
  const { runner, address, book, clock } = run;
  const task = run.tasks.find((candidate) => candidate.service.name === service)!;
  const started = clock.now();
  const known = releases.get(service) ?? [];
  if (project && starts.length > 0) await startNeeds(run, project, one, datastores);
  if (plan.kind === 'keep') {
    if (plan.leftovers.length > 0) {
      await removeLeftovers({ runner, address, service }, plan.leftovers);
    }
    const release = current ?? (await open(run, desired, service, known));
    return {
      task,
      desired,
      release,
      containers: plan.serving,
      kept: true,
      took: clock.now() - started,
    };
  }
  await reachNeeds(run, project, desired, task.service.consumes, before);
  if (project) await runJobs(run, project, service, desired);
  const release =
    current && isSameRelease(current, desired)
      ? await reopenRelease(book, current)
      : desired.release
        ? await reopenRelease(book, desired.release)
        : await open(run, desired, service, known);
  try {
    const containers = await rollSlice(run, {
      service,
      plan,
      desired,
      secrets: secretsOf(run, service, desired.slice),
      release: release.number,
      commit: commitOfRoll(run, one),
      events,
    });
    return { task, desired, release, containers, kept: false, took: clock.now() - started };
  } catch (error) {
    // If it could not be undone, the release stays open, which tells the next run.
    if (!(error instanceof RollFailure) || !error.undone) throw error;
    await settle({ ...book, runner: run.undo.runner }, release, known).catch(() => undefined);
    throw error;
  }
}

/** Removes the mark of a release whose roll failed and was undone. */
async function settle(book: ReleaseBook, tried: Release, known: readonly Release[]): Promise<void> {
  const open = stillOpen(tried, known);
  await forgetReleases(
    book,
    open.filter(({ again }) => !again),
  );
  for (const release of open.filter(({ again }) => again)) await closeRelease(book, release);
}

function open(
  { book, name, clock, commit }: Run,
  { key, entryLabel, template, image, replicas, noted, commit: own = commit }: DesiredState,
  service: string,
  known: readonly Release[],
): Promise<Release> {
  const number = nextNumber(known);
  return openRelease(book, {
    project: name,
    service,
    number,
    key,
    entryLabel,
    image,
    replicas,
    template,
    commit: own,
    since: timestamp(clock),
    slice: noted,
  });
}

/** Marks a release as complete, and removes the oldest records. */
export async function finish(
  { book: { address, project }, undo, environment }: Run,
  { release }: Rolled,
  { releases }: Facts,
): Promise<void> {
  // Not interruptible: a release that serves must be recorded as such.
  const book = { address, project, runner: undo.runner };
  const known = releases.get(release.service) ?? [];
  const closed = await closeRelease(book, release);
  const all = [closed, ...known.filter(({ id }) => id !== closed.id)];
  const surplus = surplusReleases(
    closed,
    all.sort((a, b) => b.number - a.number),
    environment.releases,
  );
  await forgetReleases(book, surplus);
  const stale = all.filter((one) => one.again && one.id !== closed.id && !surplus.includes(one));
  for (const one of stale) await closeRelease(book, one);
}
