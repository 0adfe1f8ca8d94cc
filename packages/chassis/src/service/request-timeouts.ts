import type { FastifyInstance } from 'fastify';
import type { OpenRequests } from './shutdown.js';

/** Time for the headers of a request, from the moment a connection is made or the last answer ended. */
export const HEADERS_TIMEOUT_MS = 15_000;
/** How often Node looks for connections whose headers take longer. */
export const HEADERS_CHECK_MS = 5000;
/** The longest pause in a body; how long all of it takes does not matter. */
const BODY_PAUSE_MS = 30_000;

interface Progress {
  bytes: number;
  since: number;
}

/** Ends requests with 408 whose callers stopped sending in the middle of a body. */
export function endSilentBodies(
  app: FastifyInstance,
  requests: OpenRequests,
  pauseMs = BODY_PAUSE_MS,
): void {
  const progress = new WeakMap<object, Progress>();
  const look = setInterval(() => {
    const now = performance.now();
    for (const { req } of requests.responses()) {
      if (req.complete) continue;
      const last = progress.get(req);
      // What waits in our own buffer is ours to read: its caller cannot send more.
      const isFull = req.readableLength >= req.readableHighWaterMark;
      if (!last || isFull || last.bytes !== req.socket.bytesRead) {
        progress.set(req, { bytes: req.socket.bytesRead, since: now });
      } else if (now - last.since >= pauseMs) {
        // As Node tells of headers that take too long; Fastify answers it.
        const error = Object.assign(new Error('the rest of the body did not arrive in time'), {
          code: TIMEOUT,
        });
        app.server.emit('clientError', error, req.socket);
      }
    }
  }, pauseMs / 10);
  look.unref();
  app.server.once('close', () => clearInterval(look));
}

const TIMEOUT = 'ERR_HTTP_REQUEST_TIMEOUT';
