import { setTimeout as sleep } from 'node:timers/promises';
import { ExponentialBackoff } from 'cockatiel';
import type { z } from 'zod';
import { abortable, shortenToDeadline } from '../context/deadline.js';
import { DEADLINE_HEADER, RETRY_HEADER, SERVICE_KEY_HEADER } from '../context/headers.js';
import { contextHeaders, currentContext, remainingMs } from '../context/request-context.js';
import { defaultLog } from '../telemetry/default-log.js';
import {
  isPassing,
  judgeError,
  judgeReply,
  unreachable,
  type FailedOutcome,
  type Outcome,
  type Reply,
} from './call-outcome.js';
import type { CallerOptions } from './caller-options.js';
import { createBreaker, type Breaker } from './circuit-breaker.js';
import { locator } from './base-url.js';
import type { Discover } from './discovery.js';
import { sendByFetch, type Send } from './send.js';
import { ServiceCallError } from './service-call-error.js';

export interface ClientOptions extends CallerOptions {
  /** The provider's address: `config.MICROSERVICE_ORDERS_URL`. */
  url?: string;
  /**
   * If `url` is not set: finds the address before each attempt. Several are tried in order. Default:
   * `fromEnvironment()`.
   */
  discover?: Discover | readonly Discover[];
  /** Time limit of one attempt, including the body. Default 5000. A caller's deadline shortens it and ends retries. */
  timeoutMs?: number;
}

export interface CallOptions<T = unknown> {
  /** The schema of the answer's body. Without it, the body is not checked. */
  schema?: z.ZodType<T>;
  /** Undefined values are left out. */
  query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** With an `idempotency-key`, any method may be retried. */
  headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  json?: unknown;
  /** Time limit of one attempt; default: the client's. */
  timeoutMs?: number;
  /** Cancels the call; the signal's reason is thrown unchanged. */
  signal?: AbortSignal;
}

export type Method = 'DELETE' | 'GET' | 'HEAD' | 'OPTIONS' | 'PATCH' | 'POST' | 'PUT';
export type Path = `/${string}`;

export interface Answer<T> {
  status: number;
  headers: Headers;
  /** Undefined if the answer has none. */
  body: T;
}

/** Calls one provider. If a call fails, each method throws {@link ServiceCallError}. */
export interface Client {
  readonly provider: string;
  readonly breaker: Breaker['state'];
  get<T = unknown>(path: Path, options?: Omit<CallOptions<T>, 'json'>): Promise<T>;
  post<T = unknown>(path: Path, options?: CallOptions<T>): Promise<T>;
  put<T = unknown>(path: Path, options?: CallOptions<T>): Promise<T>;
  patch<T = unknown>(path: Path, options?: CallOptions<T>): Promise<T>;
  delete<T = unknown>(path: Path, options?: CallOptions<T>): Promise<T>;
  /** Any method; returns status and headers, too. */
  request<T = unknown>(method: Method, path: Path, options?: CallOptions<T>): Promise<Answer<T>>;
}

/** RFC 9110, 9.2.2, without TRACE. */
const IDEMPOTENT: ReadonlySet<Method> = new Set(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PUT']);
/** The jitter spreads retries of replicas whose calls failed at the same time. */
const backoff = new ExponentialBackoff({ initialDelay: 100, maxDelay: 2000 });

/**
 * A client for one declared link. Make one per provider and reuse it, because it contains the circuit breaker.
 *
 * @throws {TypeError} if `url` is not an http(s) URL, or has more than a base URL may have.
 */
export function createClient(provider: string, options: ClientOptions = {}): Client {
  return createClientOver(sendByFetch, provider, options);
}

/** The same with another way to send. */
export function createClientOver(send: Send, provider: string, options: ClientOptions): Client {
  const { timeoutMs = 5000, retries = 2 } = options;
  const locate = locator(provider, options);
  const breaker = createBreaker(provider, options.log ?? defaultLog(), options.breaker);

  /** The address, within the time limit of an attempt. */
  async function find(limit: number, given: AbortSignal | undefined) {
    const found = locate();
    if (typeof found === 'string') return found;
    const timeout = AbortSignal.timeout(limit);
    const signal = given ? AbortSignal.any([given, timeout]) : timeout;
    return abortable(found, signal).catch((error: unknown) => {
      if (signal.aborted) throw error;
      return unreachable(error, true);
    });
  }

  async function attempt(
    method: Method,
    path: Path,
    call: CallOptions,
    limit: number,
    isRepeated: boolean,
  ): Promise<Outcome> {
    const started = performance.now();
    try {
      const base = await find(limit, call.signal);
      if (typeof base !== 'string') return base;
      const reply = await send(base, path + formatQuery(call.query), {
        method,
        headers: requestHeaders(call, options, limit, isRepeated),
        body: call.json === undefined ? undefined : JSON.stringify(call.json),
        limitMs: Math.max(1, Math.ceil(limit - (performance.now() - started))),
        signal: call.signal,
      });
      return judgeReply(reply);
    } catch (error) {
      call.signal?.throwIfAborted();
      return judgeError(error, limit, call.timeoutMs ?? timeoutMs);
    }
  }

  async function request<T>(
    method: Method,
    path: Path,
    call: CallOptions<T> = {},
  ): Promise<Answer<T>> {
    const started = performance.now();
    const perAttempt = call.timeoutMs ?? timeoutMs;
    const repeatable = IDEMPOTENT.has(method) || hasIdempotencyKey(call.headers);
    let attempts = 0;
    const fail = ({ failure, reply, cause }: FailedOutcome) => {
      const durationMs = performance.now() - started;
      const failed = { provider, call: formatCall(method, path), attempts, durationMs };
      return new ServiceCallError(failure, failed, reply?.text, { cause });
    };

    let delay = backoff.next();
    let last: FailedOutcome | undefined;
    for (;;) {
      call.signal?.throwIfAborted();
      const limit = shortenToDeadline(perAttempt);
      if (limit < 1) throw fail(last ?? { failure: { kind: 'timeout', timeoutMs: 0 } });
      const outcome = await breaker.run(() => {
        attempts++;
        return attempt(method, path, call, limit, attempts > 1 && !last?.notSent);
      });
      if (!outcome.failure) return parseReply(outcome.reply, call.schema, fail);
      // The failure before says more than that the breaker has opened because of it.
      if (outcome.failure.kind === 'open') throw fail(last ?? outcome);
      last = outcome;

      const wait = Math.ceil(Math.max(delay.duration, outcome.retryAfterMs ?? 0));
      const again =
        (outcome.notSent || (repeatable && !outcome.isFinal && !currentContext()?.isRetry)) &&
        attempts <= retries &&
        isPassing(outcome.failure) &&
        // If Retry-After asks for more time than an attempt may take, there is no retry, with or without a deadline.
        (outcome.retryAfterMs ?? 0) <= perAttempt &&
        wait < (remainingMs() ?? Infinity);
      if (!again) throw fail(outcome);
      await sleep(wait, undefined, { signal: call.signal }).catch(() => undefined);
      delay = delay.next(undefined);
    }
  }

  const bodyOf =
    (method: Method) =>
    async <T>(path: Path, call?: CallOptions<T>): Promise<T> =>
      (await request(method, path, call)).body;

  return {
    provider,
    get breaker() {
      return breaker.state;
    },
    get: bodyOf('GET'),
    post: bodyOf('POST'),
    put: bodyOf('PUT'),
    patch: bodyOf('PATCH'),
    delete: bodyOf('DELETE'),
    request,
  };
}

/** Removes the query, because it may contain secrets. */
function formatCall(method: Method, path: Path): string {
  return `${method} ${path.split(/[?#]/, 1).join('')}`;
}

function formatQuery(query: CallOptions['query'] = {}): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) given.append(name, String(value));
  }
  return given.size === 0 ? '' : `?${given.toString()}`;
}

function hasIdempotencyKey(headers: CallOptions['headers'] = {}): boolean {
  return Object.keys(headers).some((name) => name.toLowerCase() === 'idempotency-key');
}

function requestHeaders(
  call: CallOptions,
  { serviceKey, forwardAuth }: ClientOptions,
  limit: number,
  isRepeated: boolean,
): Record<string, string> {
  const headers: Record<string, string> = {
    accept: 'application/json',
    ...contextHeaders(),
    [DEADLINE_HEADER]: String(limit),
  };
  if (isRepeated) headers[RETRY_HEADER] = '1';
  if (call.json !== undefined) headers['content-type'] = 'application/json';
  if (serviceKey !== undefined) headers[SERVICE_KEY_HEADER] = serviceKey;
  const authorization = forwardAuth ? currentContext()?.authorization : undefined;
  if (authorization !== undefined) headers.authorization = authorization;
  for (const [name, value] of Object.entries(call.headers ?? {})) {
    headers[name.toLowerCase()] = value;
  }
  return headers;
}

function parseReply<T>(
  { status, headers, text }: Reply,
  schema: z.ZodType<T> | undefined,
  fail: (outcome: FailedOutcome) => ServiceCallError,
): Answer<T> {
  const reply = { ok: true, status, headers, text };
  const invalid = (reason: string) =>
    fail({ failure: { kind: 'invalid-answer', status, reason }, reply });
  let body: unknown;
  try {
    body = text === '' ? undefined : JSON.parse(text);
  } catch {
    throw invalid(`not JSON (content-type ${headers.get('content-type') ?? 'missing'})`);
  }
  if (!schema) return { status, headers, body: body as T };
  const parsed = schema.safeParse(body);
  if (parsed.success) return { status, headers, body: parsed.data };
  const issues = parsed.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.join('.')}: ${message}`,
  );
  throw invalid(issues.join('; '));
}
