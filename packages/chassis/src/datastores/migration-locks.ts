import { setTimeout as sleep } from 'node:timers/promises';
import { MigrationError } from './migration-plan.js';

/** A session of the database server that holds the lock that a migration needs. */
export interface LockHolder {
  /** The server's id of the session; 0 for a prepared transaction, which has no session. */
  id: number;
  user?: string | undefined;
  application?: string | undefined;
  /** The address of its client. */
  address?: string | undefined;
  /** Its state in the server's words: `idle in transaction`. Never the text of a statement. */
  state?: string | undefined;
  /** How long its transaction has been open. */
  seconds?: number | undefined;
  /** The server does not say which session holds the lock: this is one of those that may. */
  isGuess?: boolean;
}

/** A statement waited for a lock until its time limit, and did nothing. */
export class LockWaitError extends Error {
  override readonly name = 'LockWaitError';

  constructor(
    readonly holders: readonly LockHolder[],
    options?: ErrorOptions,
  ) {
    super('waited too long for a lock', options);
  }
}

/** How long a statement may wait for a lock, and how often it is tried again. */
export interface LockPatience {
  /** While a statement waits for a lock to change a table, everyone who wants to read that table waits behind it. */
  waitMs: number;
  /** Pauses between the attempts. During a pause, the others get through. */
  pausesMs: readonly number[];
}

export const LOCK_WAIT_MS = 2000;
export const LOCK_PAUSES_MS: readonly number[] = [1000, 2000, 4000, 8000];

/**
 * Runs `work`. If it waited too long for a lock, runs it again after a pause.
 *
 * @param what starts the messages: `0002-add-total.sql`.
 * @throws {MigrationError} with the holder of the lock, if the last attempt fails too.
 */
export async function withLockPatience<T>(
  what: string,
  work: () => Promise<T>,
  { waitMs, pausesMs }: LockPatience,
  onWait: (line: string) => void,
): Promise<T> {
  const started = performance.now();
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof LockWaitError)) throw error;
      const held = formatHolders(error.holders);
      const pauseMs = pausesMs[tries - 1];
      if (pauseMs === undefined) {
        const took = formatSeconds((performance.now() - started) / 1000);
        const times = tries === 1 ? 'one try' : `${tries} tries`;
        throw new MigrationError(
          [
            `${what}: gave up after ${times} in ${took}: a lock was not free within ${formatSeconds(waitMs / 1000)}; ${held}. ` +
              'Nothing was applied. Let that session finish, or end it; then migrate again',
          ],
          { cause: error.cause },
        );
      }
      onWait(`${what} waits for a lock; ${held}; trying again in ${formatSeconds(pauseMs / 1000)}`);
      await sleep(pauseMs);
    }
  }
}

/** `it is held by session 4711 (user "orders", application "psql", idle in transaction, open for 83 s)` */
export function formatHolders(holders: readonly LockHolder[]): string {
  if (holders.length === 0) return 'the server does not say who holds it';
  const isGuess = holders.some((holder) => holder.isGuess);
  const names = holders.map(formatHolder);
  return isGuess
    ? `it may be held by ${names.join(' or ')}`
    : `it is held by ${names.join(' and ')}`;
}

function formatHolder({ id, user, application, address, state, seconds }: LockHolder): string {
  if (id === 0) return 'a prepared transaction (see pg_prepared_xacts)';
  const facts = [
    user && `user "${user}"`,
    application && `application "${application}"`,
    address && `from ${address}`,
    state,
    seconds === undefined ? undefined : `open for ${formatSeconds(seconds)}`,
  ].filter(Boolean);
  return `session ${id}${facts.length > 0 ? ` (${facts.join(', ')})` : ''}`;
}

function formatSeconds(seconds: number): string {
  return `${seconds < 10 ? Number(seconds.toFixed(1)) : Math.round(seconds)} s`;
}
