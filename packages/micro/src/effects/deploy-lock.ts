import { join } from 'node:path';
import type { EngineAddress } from '../docker/command';
import { docker } from '../docker/command';
import { saysNameTaken, saysNoContainer } from '../docker/complaints';
import {
  countArguments,
  discardArguments,
  inspectArguments,
  noteArguments,
  timeArguments,
} from '../docker/container';
import type { Clock } from './clock';
import { toEngineError } from '../docker/engine-error';
import { runDocker } from './engine';
import { withTemporaryFolder, writeWhole } from './files';
import type { Runner } from './process';
import { UserError } from '../platform/user-error';
import {
  BEAT,
  formatHolder,
  isExpired,
  lockName,
  parseLock,
  type HeldLock,
  type Holder,
} from '../deployment/lock';
import { NOTE_LABELS } from '../deployment/labels';

const POLL_MILLISECONDS = 1000;

export interface LockRequest {
  runner: Runner;
  /** Also gives the lock back where `runner` was interrupted. */
  undo: Runner;
  address: EngineAddress;
  project: string;
  /** Any image that the engine has: the container is never started. */
  image: string;
  holder: Holder;
  /** Seconds to wait for who has it; one of the same Nx command is waited for as long as it lives. */
  timeout: number;
  /** Take the lock away from whoever has it. */
  force: boolean;
  clock: Clock;
  say: (line: string) => void;
  /** Called where the lock is no longer ours: somebody took it away. */
  onLost: (why: string) => void;
}

/**
 * Does `work` while nobody else deploys, backs up or restores the project. The lock is a container on the engine that
 * deploys, so everybody who can deploy sees it; its name can be taken once, and it is removed by its
 * id, so that nobody removes the lock of another.
 *
 * @throws {UserError} naming the holder where it does not end in time.
 */
export async function holdLock<T>(request: LockRequest, work: () => Promise<T>): Promise<T> {
  const { undo, address } = request;
  const id = await takeLock(request);
  const beating = startBeating(request, id);
  try {
    return await work();
  } finally {
    clearInterval(beating);
    await undo.run(docker(discardArguments([id]), address));
  }
}

async function takeLock(request: LockRequest): Promise<string> {
  const { runner, address, clock, say, timeout, project, holder, force } = request;
  const started = clock.now();
  let told = '';
  for (;;) {
    const id = await createLock(request);
    if (id !== undefined) return id;
    const held = await readLock(request);
    if (!held) continue;
    const { stdout } = await runDocker(
      runner,
      timeArguments(),
      address,
      'Could not ask the engine for its time',
    );
    const expired = isExpired(held, Date.parse(stdout.trim()));
    if (force || expired) {
      say(
        `the lock of ${project} was taken from ${formatHolder(held)}${expired ? ', who gives no sign of life' : ''}`,
      );
      // By its id: where another was quicker, this removes nothing.
      await runner.run(docker(discardArguments([held.id]), address));
      continue;
    }
    const mate = held.holder.run === holder.run;
    if (!mate && clock.now() - started >= timeout * 1000) {
      throw new UserError(
        `the lock of ${project} is held by ${formatHolder(held)}: wait for it, or take it away with --break-lock`,
      );
    }
    if (told !== held.id && !mate) {
      say(`waiting for the lock of ${formatHolder(held)}, ${timeout} s at most`);
      told = held.id;
    }
    await clock.sleep(POLL_MILLISECONDS);
  }
}

/** @returns its id; `undefined` where somebody has it. */
async function createLock(request: LockRequest): Promise<string | undefined> {
  const { runner, address, project, image, holder } = request;
  return withTemporaryFolder(async (folder) => {
    const labelFile = join(folder, 'labels');
    const labels = `${NOTE_LABELS.project}=${project}\n${NOTE_LABELS.lock}=${JSON.stringify(holder)}\n`;
    await writeWhole(labelFile, labels, 0o600);
    const outcome = await runner.run(
      docker(noteArguments({ name: lockName(project), image, labelFile }), address),
    );
    if (outcome.exitCode === 0) return outcome.stdout.trim();
    if (saysNameTaken(outcome.stderr)) return undefined;
    throw toEngineError(`Could not take the lock of ${project}`, outcome, address);
  });
}

/** @returns `undefined` where it was given back meanwhile. */
async function readLock({ runner, address, project }: LockRequest): Promise<HeldLock | undefined> {
  const outcome = await runner.run(docker(inspectArguments([lockName(project)]), address));
  if (outcome.exitCode === 0) return parseLock(outcome.stdout, NOTE_LABELS.lock);
  if (saysNoContainer(outcome.stderr)) return undefined;
  throw toEngineError(`Could not look at the lock of ${project}`, outcome, address);
}

function startBeating({ undo, address, clock, project, onLost }: LockRequest, id: string) {
  const started = clock.now();
  const beating = setInterval(() => {
    const count = Math.round((clock.now() - started) / 1000);
    void undo.run(docker(countArguments(id, count), address)).then(({ exitCode, stderr }) => {
      // An engine that does not answer is no reason to stop: the next command finds that out.
      if (exitCode !== 0 && saysNoContainer(stderr)) {
        clearInterval(beating);
        onLost(`the lock of ${project} was taken away by somebody else`);
      }
    });
  }, BEAT * 1000);
  beating.unref();
  return beating;
}
