import { wasNotSent } from '../connections/request-not-sent.js';
import { SHOULD_RETRY_HEADER } from '../context/headers.js';
import { formatReason } from '../errors/errors.js';
import type { CallFailure } from './service-call-error.js';

/** An answer with its body. */
export interface Reply {
  ok: boolean;
  status: number;
  headers: Headers;
  text: string;
}

/** The outcome of one attempt. */
export type Outcome = { reply: Reply; failure?: undefined } | FailedOutcome;

export interface FailedOutcome {
  failure: CallFailure;
  reply?: Reply;
  cause?: unknown;
  /** The delay that the provider asked for with Retry-After. */
  retryAfterMs?: number;
  /** The provider says that a retry does not help. */
  isFinal?: boolean;
  /** The request never reached the provider, so any method may be retried. */
  notSent?: boolean;
  /** A timeout after less than half of the provider's usual limit, because our own caller waits no longer. */
  cutShort?: boolean;
}

const WORTH_ANOTHER_ATTEMPT: ReadonlySet<number> = new Set([502, 503, 504]);
const TIMEOUTS: ReadonlySet<unknown> = new Set([
  'ETIMEDOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
]);

export function judgeReply(reply: Reply): Outcome {
  if (reply.ok) return { reply };
  return {
    reply,
    failure: { kind: 'refused', status: reply.status },
    retryAfterMs: parseRetryAfter(reply.headers.get('retry-after')),
    isFinal: reply.headers.get(SHOULD_RETRY_HEADER) === 'false',
  };
}

/**
 * Turns an error of `fetch` into an outcome. @throws the error itself if it is about the request, not about the
 * network.
 */
export function judgeError(error: unknown, limitMs: number, grantedMs: number): FailedOutcome {
  // For a network error, fetch has a cause. A TypeError without one means that the request is invalid.
  if (error instanceof TypeError && error.cause === undefined) throw error;
  const cause = error instanceof TypeError ? error.cause : error;
  const { name, code } = (cause ?? {}) as { name?: unknown; code?: unknown };
  if (name === 'TimeoutError' || TIMEOUTS.has(code)) {
    const cutShort = limitMs < grantedMs / 2;
    const failure = { kind: 'timeout', timeoutMs: limitMs } as const;
    return { failure, cause, cutShort, notSent: isNotSent(cause) };
  }
  return unreachable(cause, isNotSent(cause));
}

export function unreachable(cause: unknown, notSent: boolean): FailedOutcome {
  return { failure: { kind: 'unreachable', reason: formatReason(cause) }, cause, notSent };
}

function isNotSent(cause: unknown): boolean {
  return cause instanceof Error && wasNotSent(cause);
}

/** Whether the circuit breaker counts it as a failure. */
export function isProvidersFault({ failure }: Outcome): boolean {
  if (failure?.kind === 'refused') return failure.status >= 500;
  return failure?.kind === 'timeout' || failure?.kind === 'unreachable';
}

/** Whether the circuit breaker ignores it. Otherwise, callers with very short deadlines could open it for everyone. */
export function isUntelling(outcome: Outcome): boolean {
  return outcome.failure !== undefined && outcome.cutShort === true;
}

/** Whether a retry may succeed. */
export function isPassing(failure: CallFailure): boolean {
  if (failure.kind === 'refused') return WORTH_ANOTHER_ATTEMPT.has(failure.status);
  return failure.kind === 'timeout' || failure.kind === 'unreachable';
}

/** Converts seconds or a date (RFC 9110, 10.2.3) to milliseconds; undefined if it is neither. */
export function parseRetryAfter(value: string | null, now = Date.now()): number | undefined {
  if (value === null) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}
