import { remainingMs } from './request-context.js';

/** Work for a caller took too long, or was not started because the caller does not wait any more. Answered with 504. */
export class OutOfTimeError extends Error {
  override readonly name = 'OutOfTimeError';
  readonly statusCode = 504;
}

/**
 * How many whole milliseconds something may take: `limitMs`, or less if the caller's deadline is sooner; 0 if it has
 * passed.
 */
export function shortenToDeadline(limitMs: number): number {
  return Math.floor(Math.min(limitMs, remainingMs() ?? limitMs));
}

/**
 * The same, if there is any time left.
 *
 * @param what names the work in the error: `a query of "database"`.
 * @throws {OutOfTimeError} if the caller's deadline has passed.
 */
export function limitToDeadline(limitMs: number, what: string): number {
  const limit = shortenToDeadline(limitMs);
  if (limit < 1) throw new OutOfTimeError(`no time is left for ${what}`);
  return limit;
}

/**
 * Settles like `work`, or rejects with the signal's reason when the signal fires. `work` continues then, and its result
 * is ignored.
 */
export function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    work.finally(() => signal.removeEventListener('abort', abort)).then(resolve, reject);
  });
}

/**
 * Settles like `work`, or rejects with `late()` after `ms`. `work` continues then, and its result is ignored. Cheaper than
 * `AbortSignal.timeout`, whose timer goes on when the work is done.
 *
 * @param work asks `isLate` before what nobody waits for any more.
 */
export async function within<T>(
  ms: number,
  work: (isLate: () => boolean) => Promise<T>,
  late: () => Error,
): Promise<T> {
  let isLate = false;
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      isLate = true;
      reject(late());
    }, ms);
  });
  try {
    return await Promise.race([work(() => isLate), limit]);
  } finally {
    clearTimeout(timer);
  }
}
