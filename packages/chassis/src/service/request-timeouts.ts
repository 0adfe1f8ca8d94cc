import type { FastifyInstance } from 'fastify';
import type { OpenRequests } from './shutdown.js';

/** How long the headers of a request may take, from the connection or the end of the last answer. */
export const HEADERS_TIMEOUT_MS = 15_000;
/** How often Node checks for connections whose headers take too long. */
export const HEADERS_CHECK_MS = 5000;
/** The longest pause in a body. The total time is not limited. */
const BODY_PAUSE_MS = 30_000;

interface Progress {
  bytes: number;
  since: number;
}

/** Ends requests with 408 if the caller stops sending in the middle of a body. */
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
      // If data waits in our own buffer, we are slow, not the caller, who cannot send more.
      const isFull = req.readableLength >= req.readableHighWaterMark;
      if (!last || isFull || last.bytes !== req.socket.bytesRead) {
        progress.set(req, { bytes: req.socket.bytesRead, since: now });
      } else if (now - last.since >= pauseMs) {
        // The same event as Node's for headers that take too long. Fastify answers it.
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
