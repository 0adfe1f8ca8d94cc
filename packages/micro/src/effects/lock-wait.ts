import { formatHolder, type Holder, type Lock } from '../deployment/lock';
import { UserError } from '../platform/user-error';
import type { Clock } from './clock';

export const POLL_MILLISECONDS = 1000;
/** Tasks of one command wait for each other all the time: that is only said if it lasts so many seconds. */
const MATE_PATIENCE = 10;

/** How a lock is taken and held, whatever it is stored in. */
export interface LockTerms {
  holder: Holder;
  /** Seconds to wait for a live holder. A holder of the same Nx command is waited for as long as it lives. */
  timeout: number;
  /** Take the lock away from its holder. */
  force: boolean;
  clock: Clock;
  say: (line: string) => void;
  /** Called if the lock was lost, or may have been. */
  onLost: (why: string) => void;
}

/**
 * Starts to wait for a lock. Each call of the result waits a moment for its present holder, who is named once: at once,
 * or if it is of the same command, after a while.
 *
 * @param name of the lock, for people.
 * @returns a function that throws a {@link UserError} if the time is over; `isAlive`: the holder was seen to renew it.
 */
export function startWaiting(
  { holder, timeout, clock, say }: LockTerms,
  name: string,
): (other: Lock, isAlive: boolean) => Promise<void> {
  const started = clock.now();
  let told = '';
  let waitsFor = '';
  let since = started;
  return async (other, isAlive) => {
    const mate = other.run === holder.run;
    // A lock that was never renewed may have expired. Seeing that takes longer than a short timeout.
    if (!mate && isAlive && clock.now() - started >= timeout * 1000) {
      throw new UserError(
        `the lock of ${name} is held by ${formatHolder(other)}: wait, or take the lock with --break-lock`,
      );
    }
    if (waitsFor !== other.id) {
      waitsFor = other.id;
      since = clock.now();
    }
    if (told !== other.id && (!mate || clock.now() - since >= MATE_PATIENCE * 1000)) {
      const most = mate ? 'which is of the same command' : `${timeout} s at most`;
      say(`waiting for the lock of ${formatHolder(other)}, ${most}`);
      told = other.id;
    }
    await clock.sleep(POLL_MILLISECONDS);
  };
}

/** What is said when a lock was taken away from its holder. */
export function formatTaken(name: string, lock: Lock, isDead: boolean): string {
  const why = isDead ? ', who stopped renewing it' : '';
  return `the lock of ${name} was taken from ${formatHolder(lock)}${why}`;
}
