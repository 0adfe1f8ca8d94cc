import { randomUUID } from 'node:crypto';
import type { EngineAddress } from '../docker/command';
import {
  createVolumeArguments,
  listVolumesArguments,
  removeVolumesArguments,
} from '../docker/volume';
import { NOTE_LABELS } from '../deployment/labels';
import {
  beatLabels,
  beatName,
  LOCK_COLUMNS,
  lockLabels,
  lockName,
  LockWatch,
  parseHeldLock,
  type Lock,
} from '../deployment/lock';
import { UserError } from '../platform/user-error';
import { timestamp } from './clock';
import { runDocker } from './engine';
import { startBeating, type Renewal } from './lock-beat';
import { formatTaken, POLL_MILLISECONDS, startWaiting, type LockTerms } from './lock-wait';
import type { Runner } from './process';

export interface LockRequest extends LockTerms {
  runner: Runner;
  /** Releases the lock, even if `runner` was interrupted. */
  undo: Runner;
  address: EngineAddress;
  project: string;
}

type Engine = Pick<LockRequest, 'runner' | 'address' | 'project'>;

/**
 * Runs `work` while no other process deploys, backs up or restores the project. The lock is a named volume on the
 * engine, so it is visible to all who can deploy, and no prune removes it. Creating a volume that exists changes
 * nothing, so the lock belongs to the process whose label the volume has.
 *
 * @throws {UserError} that names the holder if the lock is not released in time.
 */
export async function holdLock<T>(request: LockRequest, work: () => Promise<T>): Promise<T> {
  const lock = await takeLock(request);
  const { project, address, undo } = request;
  const beating = startBeating(
    request,
    project,
    renewing({ runner: undo, address, project }, lock),
  );
  try {
    return await work();
  } finally {
    await beating.stop();
    await giveBack({ ...request, runner: request.undo }, lock);
  }
}

async function takeLock(request: LockRequest): Promise<Lock> {
  const { clock, say, project, holder, force } = request;
  const lock = { ...holder, id: randomUUID(), since: timestamp(clock) };
  const watch = new LockWatch();
  const wait = startWaiting(request, project);
  for (;;) {
    await create(request, lockName(project), lockLabels(project, lock));
    const { held } = await look(request);
    if (!held) continue;
    const other = held.lock;
    if (other.id === lock.id) return lock;
    const state = watch.look(held, clock.now() / 1000);
    if (force || state === 'dead') {
      if (await takeAway(request, other, lock)) {
        say(formatTaken(project, other, state === 'dead'));
      }
      continue;
    }
    await wait(other, state === 'alive');
  }
}

/**
 * Removes the lock of another holder. If several processes want to, only the first one to create a claim may: otherwise
 * the others could remove the lock of the next holder.
 */
async function takeAway(request: LockRequest, other: Lock, own: Lock): Promise<boolean> {
  const { project } = request;
  const claim = `${lockName(project)}.claim-${other.id}`;
  if (!request.force) {
    await create(request, claim, lockLabels(project, own));
    if (!(await isOurs(request, claim, own))) {
      await request.clock.sleep(POLL_MILLISECONDS);
      return false;
    }
  }
  const { held, beats } = await look(request);
  const isStill = held?.lock.id === other.id;
  await remove(request, [...(isStill ? [lockName(project), ...beats] : []), claim]);
  return isStill;
}

async function isOurs(engine: Engine, name: string, { id }: Lock): Promise<boolean> {
  const { stdout } = await list(engine);
  const row = stdout.split('\n').find((line) => line.startsWith(`${name}\t`));
  return row?.includes(id) ?? false;
}

async function create(
  { runner, address, project }: Engine,
  name: string,
  labels: Record<string, string>,
): Promise<void> {
  const what = `Could not take the lock of ${project}`;
  await runDocker(runner, createVolumeArguments({ name, labels }), address, what);
}

function list({ runner, address, project }: Engine) {
  const what = `Could not look at the lock of ${project}`;
  const args = listVolumesArguments(`${NOTE_LABELS.project}=${project}`, LOCK_COLUMNS);
  return runDocker(runner, args, address, what);
}

async function look(engine: Engine): Promise<ReturnType<typeof parseHeldLock>> {
  const { stdout } = await list(engine);
  return parseHeldLock(stdout, engine.project);
}

async function remove(
  { runner, address, project }: Engine,
  names: readonly string[],
): Promise<void> {
  const what = `Could not give back the lock of ${project}`;
  await runDocker(runner, removeVolumesArguments(names), address, what);
}

/** Removes the lock unless someone took it away. A lock that cannot be removed expires. */
async function giveBack(engine: Engine, { id }: Lock): Promise<void> {
  try {
    const { held, beats } = await look(engine);
    if (held?.lock.id === id) await remove(engine, [...beats, lockName(engine.project)]);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
  }
}

/** Each renewal is a volume of its own, since labels of a volume cannot change. */
function renewing(engine: Engine, lock: Lock): () => Promise<Renewal> {
  const { project } = engine;
  let beat = 0;
  return async () => {
    const { held } = await look(engine);
    if (held?.lock.id !== lock.id) return 'lost';
    beat++;
    await create(engine, beatName(project, beat), beatLabels(project, lock, beat));
    if (beat > 1) await remove(engine, [beatName(project, beat - 1)]);
    return 'renewed';
  };
}
