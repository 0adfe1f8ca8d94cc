import { readCurrentUser } from '../effects/current-user';
import { holdLock } from '../effects/deploy-lock';
import {
  Interrupted,
  interruptibleClock,
  interruptibleRunner,
  stubbornRunner,
} from '../effects/interruption';
import type { Environment } from '../platform/environment';
import { type Shell } from './shell';
import { addressOf } from '../deployment/project';

/** What is kept from changing, and for what. */
export interface Hold {
  environment: Environment;
  /** The Compose project's name. */
  project: string;
  /** `micro restore`, as those who wait are told. */
  command: string;
  /** Take the lock away from its holder. */
  force: boolean;
}

/**
 * Does `work` while nothing is deployed to an environment: the lock is that of deploys. Ctrl-C ends
 * the work and gives the lock back, and who takes the lock away ends the work.
 *
 * @throws {UserError} naming the holder if that does not end in time.
 */
export async function holdEnvironment<T>(
  shell: Shell,
  { environment, project, command, force }: Hold,
  work: (shell: Shell) => Promise<T>,
): Promise<T> {
  const { runner, clock, signal, say } = shell;
  const ended = new AbortController();
  const trigger = (why: string) => ended.abort(new Interrupted(why));
  const onAbort = () => trigger(`${command} was interrupted`);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort);
  const interruption = { signal: ended.signal, trigger, dispose: () => undefined };
  const person = readCurrentUser();
  try {
    return await holdLock(
      {
        runner: interruptibleRunner(runner, interruption),
        undo: stubbornRunner(runner),
        address: addressOf(environment),
        project,
        // No other process is of the same run.
        holder: { user: person, pid: process.pid, run: `${person}:${process.pid}`, command },
        timeout: environment.lockTimeout,
        force,
        clock: interruptibleClock(clock, interruption),
        say,
        onLost: trigger,
      },
      () => work({ ...shell, signal: ended.signal }),
    );
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** In words, of a signal that was aborted. */
export function whyEnded({ reason }: AbortSignal): string {
  return reason instanceof Interrupted ? reason.message : 'it was interrupted';
}
