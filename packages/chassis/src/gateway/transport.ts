import { AsyncLocalStorage } from 'node:async_hooks';
import type { Readable } from 'node:stream';
import { Agent, type Dispatcher } from 'undici';
import { wasNotSent } from '../connections/request-not-sent.js';
import { IDLE_CONNECTION_MS } from '../connections/short-connections.js';

export const CONNECT_TIMEOUT_MS = 1000;
/** The longest pause in an answer that has begun. */
const BODY_PAUSE_MS = 300_000;

/**
 * Retries of one request, with pauses of 25, 50 and 100 ms. That is enough for one replica to be replaced by another.
 */
const RETRIES = 3;
const FIRST_PAUSE_MS = 25;
/**
 * Retries while this container itself is off its network, with further pauses of 200, 400 and 800 ms. A deploy moves
 * the name away from an old container by disconnecting and reconnecting it, which over ssh takes up to a second.
 */
const RETRIES_OFF_NETWORK = 6;

/** The provider did not answer in time. */
export class ProviderTimeoutError extends Error {
  override readonly name = 'ProviderTimeoutError';
}

/** The caller hung up, so the answer is not needed any more. */
export class CallerGoneError extends Error {
  override readonly name = 'CallerGoneError';
}

/**
 * One request to a provider, with all its attempts. undici uses it as an abort signal: an event emitter with one event
 * and at most one listener.
 */
export class ProviderCall {
  reason: Error | undefined;
  #onAbort: (() => void) | undefined;
  #bodyIsUntouched = true;
  #isAnswered = false;
  #settle: ((error: Error) => void) | undefined;
  readonly #timer: NodeJS.Timeout;

  constructor(readonly limitMs: number) {
    this.#timer = setTimeout(
      () => this.#end(new ProviderTimeoutError(`no answer within ${limitMs} ms`)),
      limitMs,
    );
  }

  on(_event: 'abort', listener: () => void): void {
    this.#onAbort = listener;
  }

  once(_event: 'abort', listener: () => void): void {
    this.#onAbort = listener;
  }

  removeListener(): void {
    this.#onAbort = undefined;
  }

  get aborted(): boolean {
    return this.reason !== undefined;
  }

  /** Also called when everything is done, which is how most calls end. Then it costs nothing. */
  callerIsGone(): void {
    if (!this.#isAnswered) this.#end(new CallerGoneError('the caller hung up'));
  }

  #end(reason: Error): void {
    if (this.aborted || this.#isAnswered) return;
    clearTimeout(this.#timer);
    this.reason = reason;
    this.#onAbort?.();
    // undici does not emit this while it is still connecting.
    this.#settle?.(reason);
  }

  /** Starts an attempt. A failure of our own is passed to `settle`. */
  attempt(settle: (error: Error) => void): void {
    this.#settle = settle;
  }

  answered(): void {
    this.#isAnswered = true;
    clearTimeout(this.#timer);
  }

  /**
   * The caller's body for one attempt. It is read only after the connection is open, and is not destroyed with the
   * attempt, so that the next attempt can send it. The time limit does not run while the body is being sent.
   */
  async *read(body: Readable): AsyncGenerator<unknown> {
    this.#bodyIsUntouched = false;
    for await (const chunk of body.iterator({ destroyOnReturn: false })) {
      this.#timer.refresh();
      yield chunk;
    }
  }

  /** How long to wait before the next attempt; null if there is none. */
  pauseAfter(error: Error, method: string, attempt: number): number | null {
    const retries = isOffNetwork(error) ? RETRIES_OFF_NETWORK : RETRIES;
    if (this.aborted || attempt >= retries || !this.#bodyIsUntouched) return null;
    const canRepeat = wasNotSent(error) || (isSafe(method) && wasCutOff(error));
    return canRepeat ? FIRST_PAUSE_MS * 2 ** attempt : null;
  }
}

const CUT_OFF: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

function wasCutOff(error: Error): boolean {
  return 'code' in error && CUT_OFF.has(String(error.code));
}

/**
 * Errors that mean that this container has no network: no route, or no DNS. A provider that is not running refuses the
 * connection instead.
 */
const OFF_NETWORK: ReadonlySet<string> = new Set([
  'ENETUNREACH',
  'EHOSTUNREACH',
  'EADDRNOTAVAIL',
  'EAI_AGAIN',
  'ENOTFOUND',
]);

function isOffNetwork(error: Error): boolean {
  if (error instanceof AggregateError) return (error.errors as Error[]).every(isOffNetwork);
  return wasNotSent(error) && 'code' in error && OFF_NETWORK.has(String(error.code));
}

function isSafe(method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
}

const calls = new AsyncLocalStorage<ProviderCall>();

/** Runs `forward`. The requests that it sends through the transport then belong to `call`. */
export function withCall<T>(call: ProviderCall, forward: () => T): T {
  return calls.run(call, forward);
}

type Settle = (error: Error | null, answer?: Dispatcher.ResponseData) => void;

/** The client that @fastify/reply-from sends with. */
export interface Transport {
  readonly agent: Agent;
  request(options: Dispatcher.RequestOptions, settle: Settle): void;
}

/** Connections to providers. The name is resolved for each new connection, and no connection is kept for long. */
export function openTransport(): Transport {
  const agent = new Agent({
    keepAliveTimeout: IDLE_CONNECTION_MS,
    keepAliveMaxTimeout: IDLE_CONNECTION_MS,
    headersTimeout: 0,
    bodyTimeout: BODY_PAUSE_MS,
    connect: { timeout: CONNECT_TIMEOUT_MS },
  });
  return {
    agent,
    request: (options, settle) => {
      const call = calls.getStore();
      if (!call) throw new Error('a request to a provider belongs to a call');
      send(agent, call, options, settle);
    },
  };
}

function send(
  agent: Agent,
  call: ProviderCall,
  options: Dispatcher.RequestOptions,
  settle: Settle,
): void {
  let isSettled = false;
  const once: Settle = (error, answer) => {
    if (isSettled) {
      answer?.body.destroy();
      return;
    }
    isSettled = true;
    if (answer) call.answered();
    settle(error, answer);
  };
  call.attempt(once);
  const { body } = options;
  agent.request(
    {
      ...options,
      body: isStream(body) ? (call.read(body) as unknown as Readable) : body,
      headersTimeout: 0,
      bodyTimeout: BODY_PAUSE_MS,
      signal: call,
    },
    // If it fails, undici passes half an answer.
    (error, answer) => (error ? once(error) : once(null, answer)),
  );
}

function isStream(body: unknown): body is Readable {
  return typeof body === 'object' && body !== null && 'iterator' in body;
}
