import { InvalidEventError } from './event-wire.js';
import { RejectEventError } from './events.js';

/** Why an event is in a dead-letter queue. */
export type DeadReason = 'invalid' | 'rejected' | 'retries exhausted';

export type NextStep =
  | { readonly kind: 'retry'; readonly delayMs: number; readonly attempt: number }
  | { readonly kind: 'dead'; readonly reason: DeadReason };

/** Decides what happens to an event after a failed attempt. Attempts are counted from 1. */
export function planNextStep(
  error: unknown,
  attempt: number,
  retryDelaysMs: readonly number[],
): NextStep {
  if (error instanceof InvalidEventError) return { kind: 'dead', reason: 'invalid' };
  if (error instanceof RejectEventError) return { kind: 'dead', reason: 'rejected' };
  const delayMs = retryDelaysMs[attempt - 1];
  if (delayMs === undefined) return { kind: 'dead', reason: 'retries exhausted' };
  return { kind: 'retry', delayMs, attempt: attempt + 1 };
}
