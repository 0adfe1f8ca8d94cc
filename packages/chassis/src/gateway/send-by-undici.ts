import type { IncomingHttpHeaders } from 'node:http';
import { Agent, type Dispatcher } from 'undici';
import type { Reply } from '../calls/call-outcome.js';
import type { Send } from '../calls/send.js';
import { IDLE_CONNECTION_MS } from '../connections/short-connections.js';
import { CONNECT_TIMEOUT_MS } from './transport.js';

/**
 * Sends as `fetch` does, for a fraction of its processor time: without streams, and with one timer that ends with the
 * answer.
 */
export function sendByUndici(): Send {
  const agent = new Agent({
    keepAliveTimeout: IDLE_CONNECTION_MS,
    keepAliveMaxTimeout: IDLE_CONNECTION_MS,
    // The limit of the call counts.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: CONNECT_TIMEOUT_MS },
  });
  return (base, target, { limitMs, signal, method, headers, body }) =>
    new Promise((resolve, reject) => {
      const { origin, path } = split(base);
      const answer = new WholeAnswer(limitMs, signal, resolve, reject);
      try {
        agent.dispatch({ origin, path: path + target, method: method, headers, body }, answer);
      } catch (error) {
        answer.onResponseError(undefined, error as Error);
      }
    });
}

/** Each client has one base. */
const bases = new Map<string, { origin: string; path: string }>();

function split(base: string): { origin: string; path: string } {
  let known = bases.get(base);
  if (!known) {
    const { origin, pathname } = new URL(base);
    bases.set(base, (known = { origin, path: pathname === '/' ? '' : pathname }));
  }
  return known;
}

/** Settles once: with the answer, its failure, the time limit or the caller's signal. */
class WholeAnswer implements Dispatcher.DispatchHandler {
  #controller: Dispatcher.DispatchController | undefined;
  #failure: Error | undefined;
  #status = 0;
  #headers: IncomingHttpHeaders = {};
  readonly #chunks: Buffer[] = [];
  readonly #timer: NodeJS.Timeout;
  readonly #cancel = () => this.#end(this.signal!.reason as Error);

  constructor(
    limitMs: number,
    private readonly signal: AbortSignal | undefined,
    private readonly resolve: (reply: Reply) => void,
    private readonly reject: (error: Error) => void,
  ) {
    this.#timer = setTimeout(
      () => this.#end(new DOMException(`no answer within ${limitMs} ms`, 'TimeoutError')),
      limitMs,
    );
    signal?.addEventListener('abort', this.#cancel, { once: true });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // It ended before there was a connection.
    if (this.#failure) controller.abort(this.#failure);
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.#release();
    const [first] = this.#chunks;
    const body = this.#chunks.length === 1 ? first! : Buffer.concat(this.#chunks);
    const status = this.#status;
    this.resolve({
      ok: status >= 200 && status <= 299,
      status,
      headers: toHeaders(this.#headers),
      text: body.toString(),
    });
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.#release();
    this.reject(this.#failure ?? error);
  }

  #end(failure: Error): void {
    this.#failure = failure;
    this.#release();
    this.#controller?.abort(failure);
    this.reject(failure);
  }

  #release(): void {
    clearTimeout(this.#timer);
    this.signal?.removeEventListener('abort', this.#cancel);
  }
}

function toHeaders(given: IncomingHttpHeaders): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(given)) {
    for (const one of Array.isArray(value) ? value : [value ?? '']) headers.append(name, one);
  }
  return headers;
}
