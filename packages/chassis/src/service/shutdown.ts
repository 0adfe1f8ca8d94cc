import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import closeWithGrace from 'close-with-grace';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { logWritten } from '../telemetry/logger.js';
import { OpenWebSockets } from './open-web-sockets.js';
import { groupByClosing, type Resource } from './resource.js';

const SWEEP_MS = 100;
/** How long a request may still be on its way, on a connection that was opened in advance. */
const QUIET_SWEEPS = 5;
/** How long the service's own hooks may take to close its WebSockets. A gateway needs a second. */
const WEB_SOCKET_SWEEPS = 15;
/** How long callers have to hang up after they were told. */
const HANG_UP_SWEEPS = 10;

/**
 * The open requests of an app. It watches connections instead of requests, which costs nothing per request: Node keeps
 * the response that is being sent on its socket (http-terminator uses the same).
 */
export class OpenRequests {
  readonly #sockets = new Set<Socket & { _httpMessage?: ServerResponse | null }>();
  readonly webSockets: OpenWebSockets;

  constructor(private readonly app: FastifyInstance) {
    this.webSockets = new OpenWebSockets(app);
    const watch = (socket: Socket): void => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    };
    // With TLS, the response is on the socket of the second event.
    app.server.on('connection', watch).on('secureConnection', watch);
  }

  get size(): number {
    return this.responses().length;
  }

  /** Closes each connection with its current or next answer. */
  announceClose(): void {
    const announce = (response: ServerResponse): void => {
      if (!response.headersSent) response.setHeader('connection', 'close');
    };
    this.responses().forEach(announce);
    this.app.server.prependListener('request', (_request, response) => announce(response));
    this.endStreams();
  }

  /** Ends event streams: they never end by themselves, and their clients reconnect by themselves. */
  endStreams(): void {
    for (const response of this.responses()) {
      if (!isEventStream(response) || response.writableEnded) continue;
      // A handler that keeps writing must not crash the process.
      response.on('error', () => undefined);
      response.end();
    }
  }

  /** `GET /orders/12` for each, without the query, which may contain secrets. */
  describe(): string[] {
    return this.responses().map(({ req }) => `${req.method} ${req.url?.split('?')[0]}`);
  }

  /** Requests that are not done, each on its connection. */
  responses(): ServerResponse[] {
    return [...this.#sockets].flatMap(({ _httpMessage }) => _httpMessage ?? []);
  }
}

/** For headers that were not set by `setHeader`, Node keeps only text. */
function isEventStream(response: ServerResponse & { _header?: string | null }): boolean {
  return (
    response.headersSent && /^content-type: *text\/event-stream/im.test(response._header ?? '')
  );
}

/**
 * Closes the server right after it has accepted the waiting connections: the system resets connections that are made
 * and not accepted yet. Of the milliseconds of a busy event loop, this leaves microseconds.
 */
export function acceptBeforeClosing(app: FastifyInstance): void {
  app.addHook('preClose', (done) => void setImmediate(done));
}

/** Accepts no new connections, and ends when the open requests are answered. Call `announceClose` before. */
export async function drain(app: FastifyInstance, requests: OpenRequests): Promise<void> {
  let quiet = 0;
  let sweeps = 0;
  const { webSockets } = requests;
  const sweep = setInterval(() => {
    sweeps++;
    if (sweeps >= WEB_SOCKET_SWEEPS) webSockets.tell();
    if (sweeps >= WEB_SOCKET_SWEEPS + HANG_UP_SWEEPS) webSockets.cut();
    // An answer that was already being sent could not announce it, so its connection would be kept alive.
    app.server.closeIdleConnections();
    requests.endStreams();
    quiet = requests.size === 0 ? quiet + 1 : 0;
    // Node treats a connection that never sent a request as busy.
    if (quiet >= QUIET_SWEEPS) app.server.closeAllConnections();
  }, SWEEP_MS);
  try {
    await app.close();
  } finally {
    clearInterval(sweep);
  }
}

/**
 * Stops the resources' own work, in parallel. A failure is not reported here: it happens again when the resource is
 * closed.
 */
export async function stopResources(resources: readonly Resource[]): Promise<void> {
  await Promise.allSettled(resources.map(async (resource) => resource.stop?.()));
}

/**
 * Closes relays, then brokers, caches and databases; those of one kind in parallel. If one fails, the others are still
 * closed. Call `stopResources` before.
 *
 * @throws {AggregateError} with all failures, after everything was closed.
 */
export async function closeResources(
  resources: readonly Resource[],
  open: Set<Resource> = new Set(),
): Promise<void> {
  for (const resource of resources) open.add(resource);
  const errors: unknown[] = [];
  for (const group of groupByClosing(resources)) {
    await Promise.all(
      group.map(async (resource) => {
        try {
          await resource.close();
        } catch (error) {
          errors.push(new Error(`${resource.name} could not be closed`, { cause: error }));
        } finally {
          open.delete(resource);
        }
      }),
    );
  }
  if (errors.length > 0) throw new AggregateError(errors, 'not all resources could be closed');
}

export interface Stoppable {
  log: Pick<FastifyBaseLogger, 'info' | 'warn' | 'error' | 'fatal'>;
  stop(): Promise<void>;
  /** What a stop is still waiting for, one line each. */
  underWay(): string[];
}

/**
 * Stops on SIGTERM, SIGINT and uncaught errors. The process ends with 0 after a stop in time; with 1 after an error or
 * after `timeoutMs`, with a log of what was still open; immediately on a second signal.
 *
 * `target` is called when a signal comes, because that may happen before the service exists.
 */
export function stopOnSignals(timeoutMs: number, target: () => Stoppable | undefined): void {
  const log = (): Stoppable['log'] | undefined => target()?.log;
  closeWithGrace(
    {
      delay: timeoutMs,
      logger: { error: (error: unknown) => log()?.fatal({ err: error }, 'could not stop') },
      onTimeout: () =>
        log()?.fatal({ underWay: target()?.underWay() }, `not stopped within ${timeoutMs} ms`),
      onSecondSignal: (signal) => log()?.warn({ signal }, `second ${signal}: ending at once`),
      onSecondError: (err) => log()?.fatal({ err }, 'another error while stopping'),
    },
    async (cause: { signal?: NodeJS.Signals; err?: unknown }) => {
      const { signal, err } = cause;
      if ('err' in cause) {
        if (target()) log()?.fatal({ err }, 'stopping after an uncaught error');
        else console.error(err);
      } else log()?.info({ signal }, 'stopping');
      await target()?.stop();
      if (!('err' in cause)) log()?.info('stopped');
      await logWritten();
      // close-with-grace ignores a rejection without a reason.
      if ('err' in cause && !err) throw new Error('a promise was rejected without a reason');
    },
  );
}
