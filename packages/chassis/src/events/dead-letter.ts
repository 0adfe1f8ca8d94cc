import { formatReason } from '../errors/errors.js';
import type { DeadReason } from './event-outcome.js';
import { ATTEMPT } from './event-wire.js';

export const DEAD_REASON = 'x-dead-reason';
export const DEAD_ERROR = 'x-dead-error';
export const DEAD_AT = 'x-dead-at';

const MAX_ERROR_LENGTH = 500;

type Headers = Readonly<Record<string, string>>;

/** What a dead letter says about itself. */
export function deadHeaders(reason: DeadReason, error: unknown, attempt: number): Headers {
  return {
    [DEAD_REASON]: reason,
    [DEAD_ERROR]: formatReason(error).slice(0, MAX_ERROR_LENGTH),
    [DEAD_AT]: new Date().toISOString(),
    [ATTEMPT]: String(attempt),
  };
}

/** The headers of a dead letter that becomes an event again, and why it was one. */
export function withoutDeadHeaders(headers: Headers): {
  headers: Headers;
  reason: string | undefined;
  error: string | undefined;
} {
  const { [DEAD_REASON]: reason, [DEAD_ERROR]: error, [DEAD_AT]: _, ...rest } = headers;
  return { headers: { ...rest, [ATTEMPT]: '1' }, reason, error };
}
