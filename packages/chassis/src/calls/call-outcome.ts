import { wasNotSent } from '../connections/request-not-sent.js';
import { SHOULD_RETRY_HEADER } from '../context/headers.js';
import { formatReason } from '../errors/errors.js';
import type { CallFailure } from './service-call-error.js';

/** An answer whose body was read. */
export interface Reply {
  ok: boolean;
  status: number;
  headers: Headers;
  text: string;
}

/** What one attempt came to. */
export type Outcome = { reply: Reply; failure?: undefined } | FailedOutcome;

export interface FailedOutcome {
  failure: CallFailure;
  reply?: Reply;
  cause?: unknown;
  /** What the provider asked for. */
  retryAfterMs?: number;
  /** The provider says that repeating does not help. */
  isFinal?: boolean;
  /** The provider saw nothing of it, so that anything may be repeated. */
  notSent?: boolean;
  /** A timeout after less than half of what the provider is granted, since our caller waits no longer. */
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
 * What a failed `fetch` means.
 * @throws the error itself if it is about the request, not about the network.
 */
export function judgeError(error: unknown, limitMs: number, grantedMs: number): FailedOutcome {
  // fetch wraps what went wrong on the network; a TypeError of its own means an impossible request.
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

/** Whether the breaker counts it as a failure. */
export function isProvidersFault({ failure }: Outcome): boolean {
  if (failure?.kind === 'refused') return failure.status >= 500;
  return failure?.kind === 'timeout' || failure?.kind === 'unreachable';
}

/** Whether the breaker does not count it at all: callers that hardly wait could shut out the others. */
export function isUntelling(outcome: Outcome): boolean {
  return outcome.failure !== undefined && outcome.cutShort === true;
}

/** Whether it may go away by itself. */
export function isPassing(failure: CallFailure): boolean {
  if (failure.kind === 'refused') return WORTH_ANOTHER_ATTEMPT.has(failure.status);
  return failure.kind === 'timeout' || failure.kind === 'unreachable';
}

/** Seconds or a date (RFC 9110, 10.2.3) to milliseconds; undefined if it is neither. */
export function parseRetryAfter(value: string | null, now = Date.now()): number | undefined {
  if (value === null) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}
