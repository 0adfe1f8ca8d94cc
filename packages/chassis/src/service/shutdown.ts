import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import closeWithGrace from 'close-with-grace';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { logWritten } from '../telemetry/logger.js';
import { OpenWebSockets } from './open-web-sockets.js';
import { groupByClosing, type Resource } from './resource.js';

const SWEEP_MS = 100;
/** Time for a request that is on its way to arrive on a connection that was opened ahead of need. */
const QUIET_SWEEPS = 5;
/** How long hooks of the service have to close its WebSockets in their own words; a gateway takes a second. */
const WEB_SOCKET_SWEEPS = 15;
/** And how long callers have to hang up once they were told. */
const HANG_UP_SWEEPS = 10;

/**
 * The requests of an app that are not answered yet. It watches connections, which costs requests nothing:
 * Node itself keeps the response that is under way on its socket (http-terminator builds on the same).
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
    // With TLS the response is on the socket of the second event.
    app.server.on('connection', watch).on('secureConnection', watch);
  }

  get size(): number {
    return this.responses().length;
  }

  /** Lets connections end with the answers that are under way and those to come. */
  announceClose(): void {
    const announce = (response: ServerResponse): void => {
      if (!response.headersSent) response.setHeader('connection', 'close');
    };
    this.responses().forEach(announce);
    this.app.server.prependListener('request', (_request, response) => announce(response));
    this.endStreams();
  }

  /** Ends event streams: they never end by themselves, and their callers come again by themselves. */
  endStreams(): void {
    for (const response of this.responses()) {
      if (!isEventStream(response) || response.writableEnded) continue;
      // A handler that goes on writing must not end the process.
      response.on('error', () => undefined);
      response.end();
    }
  }

  /** `GET /orders/12` each; without the query, which may hold what is not for the log. */
  describe(): string[] {
    return this.responses().map(({ req }) => `${req.method} ${req.url?.split('?')[0]}`);
  }

  /** Those that are not ended yet, each on its connection. */
  responses(): ServerResponse[] {
    return [...this.#sockets].flatMap(({ _httpMessage }) => _httpMessage ?? []);
  }
}

/** Node keeps headers that went past `setHeader` as text only. */
function isEventStream(response: ServerResponse & { _header?: string | null }): boolean {
  return (
    response.headersSent && /^content-type: *text\/event-stream/im.test(response._header ?? '')
  );
}

/**
 * Lets the server close right after it accepted what waited: the system resets connections that are made and not
 * accepted yet. It leaves microseconds of the milliseconds that a busy event loop takes.
 */
export function acceptBeforeClosing(app: FastifyInstance): void {
  app.addHook('preClose', (done) => void setImmediate(done));
}

/** Takes no new connections, and ends when the open requests are answered. `announceClose` comes before. */
export async function drain(app: FastifyInstance, requests: OpenRequests): Promise<void> {
  let quiet = 0;
  let sweeps = 0;
  const { webSockets } = requests;
  const sweep = setInterval(() => {
    sweeps++;
    if (sweeps >= WEB_SOCKET_SWEEPS) webSockets.tell();
    if (sweeps >= WEB_SOCKET_SWEEPS + HANG_UP_SWEEPS) webSockets.cut();
    // An answer that was under way could not announce it: its connection would be kept alive.
    app.server.closeIdleConnections();
    requests.endStreams();
    quiet = requests.size === 0 ? quiet + 1 : 0;
    // Node counts a connection that never sent a request as busy.
    if (quiet >= QUIET_SWEEPS) app.server.closeAllConnections();
  }, SWEEP_MS);
  try {
    await app.close();
  } finally {
    clearInterval(sweep);
  }
}

/** Lets resources end work of their own, all at once. One that fails does so again when it is closed. */
export async function stopResources(resources: readonly Resource[]): Promise<void> {
  await Promise.allSettled(resources.map(async (resource) => resource.stop?.()));
}

/**
 * Closes relays, then brokers, caches and databases; those of one kind together. One that fails does not keep the
 * others open. `stopResources` comes before.
 *
 * @throws {AggregateError} with what failed, once all were closed.
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
  /** What a stop still waits for, one line each. */
  underWay(): string[];
}

/**
 * Stops on SIGTERM, SIGINT and uncaught errors. The process ends with 0 after a stop in time; with 1 after an
 * error or past `timeoutMs`, having logged what was still under way; at once on a second signal.
 *
 * `target` is asked at that moment, since a signal may come before a service is composed.
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
      // close-with-grace takes a rejection without a reason for no error.
      if ('err' in cause && !err) throw new Error('a promise was rejected without a reason');
    },
  );
}
