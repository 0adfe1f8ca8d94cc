import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyInstance } from 'fastify';

/** A close frame with 1001, "going away" (RFC 6455, 5.5.1 and 7.4.1). Frames from a server are not masked. */
const GOING_AWAY = Buffer.from([0x88, 0x02, 0x03, 0xe9]);

/**
 * WebSockets that a service opened itself, without a plugin. Neither Node nor Fastify closes them, and a server does
 * not end while one is open.
 */
export class OpenWebSockets {
  readonly #sockets = new Set<Duplex>();
  readonly #told = new WeakSet<Duplex>();

  constructor(app: FastifyInstance) {
    app.addHook('onListen', (done) => {
      const { server } = app;
      // Node treats a handshake as a normal request unless the service listens for upgrades. Our own listener would
      // change
      // that: with a second listener, @fastify/http-proxy leaves handshakes outside of its routes unanswered.
      if (server.listenerCount('upgrade') > 0) {
        const emit = server.emit.bind(server) as (event: string, ...args: unknown[]) => boolean;
        server.emit = (event: string, ...args: unknown[]) => {
          if (event === 'upgrade') this.#watch(args[0] as IncomingMessage, args[1] as Duplex);
          return emit(event, ...args);
        };
      }
      done();
    });
  }

  #watch({ headers }: IncomingMessage, socket: Duplex): void {
    if (headers.upgrade?.toLowerCase() !== 'websocket') return;
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
  }

  get size(): number {
    return this.#sockets.size;
  }

  /** Tells callers that the service stops, so that they answer and hang up. */
  tell(): void {
    for (const socket of this.#sockets) {
      if (this.#told.has(socket) || !socket.writable) continue;
      this.#told.add(socket);
      // A handler that keeps writing must not crash the process.
      socket.on('error', () => undefined);
      socket.end(GOING_AWAY);
    }
  }

  /** Closes the sockets of callers that did not hang up. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}
