import { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { FastifyHttpProxyOptions } from '@fastify/http-proxy';
import type { FastifyRequest } from 'fastify';
import { WebSocket } from 'ws';
import { HttpError } from '../errors/errors.js';
import { isAllowedOrigin } from '../service/allowed-origins.js';
import { upgradeHeaders, type ForwardOptions } from './forwarded-headers.js';
import { keepAlive, relieve } from './websocket-link.js';

/** A side that does not answer a close frame is cut off after this time. */
const CLOSE_TIMEOUT_MS = 1000;
/** https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1 */
const GOING_AWAY = 1001;
const POLICY_VIOLATION = 1008;
/** The maximum delay of `setTimeout`. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface WebSocketLimits {
  /** A longer message in either direction ends the WebSocket with code 1009. Default 1 048 576. */
  maxMessageBytes?: number;
  /** How often both sides are pinged. A side that is silent for twice as long is cut off. Default 30 000. */
  heartbeatMs?: number;
}

/** Whether Node treats the request as an upgrade to another protocol. */
export function isUpgrade({ headers }: IncomingMessage): boolean {
  return headers.upgrade !== undefined && /\bupgrade\b/i.test(headers.connection ?? '');
}

type PreHandler = (request: FastifyRequest, reply: unknown, done: (error?: Error) => void) => void;

/** The limits of a route without WebSockets. */
export function refuseWebSocket(path: string): PreHandler {
  return (request, _reply, done) =>
    done(
      isUpgrade(request.raw)
        ? new HttpError(400, `no WebSockets are served on ${path}`)
        : undefined,
    );
}

/** The request that belongs to a caller's socket, which the proxy does not pass on. */
const handshake = new AsyncLocalStorage<FastifyRequest>();

/** @throws a 403 for a page of another origin. */
export const beginWebSocket: PreHandler = (request, _reply, done) => {
  if (!isUpgrade(request.raw)) return done();
  if (!isAllowedOrigin(request)) {
    return done(new HttpError(403, 'pages of this origin may not open a WebSocket'));
  }
  handshake.run(request, done);
};

/** The options with which @fastify/http-proxy serves WebSockets of a provider. */
export function webSocketOptions(
  service: string,
  {
    limitMs,
    serviceKey,
    change,
  }: ForwardOptions & { change: (headers: IncomingHttpHeaders) => IncomingHttpHeaders },
  { maxMessageBytes = 1_048_576, heartbeatMs = 30_000 }: WebSocketLimits = {},
) {
  const limits = { maxPayload: maxMessageBytes, closeTimeout: CLOSE_TIMEOUT_MS };
  const client = {
    ...limits,
    handshakeTimeout: limitMs,
    perMessageDeflate: false,
    rewriteRequestHeaders: (_headers: object, request: FastifyRequest) =>
      change(upgradeHeaders(request, serviceKey)),
  };
  return {
    websocket: true,
    wsServerOptions: { ...limits, WebSocket: callerSocket(service) as unknown as SocketClass },
    wsClientOptions: client as FastifyHttpProxyOptions['wsClientOptions'],
    wsHooks: {
      onConnect: (_context: object, source: WebSocket, target: WebSocket) => {
        // A caller may leave before its provider is connected. Without this, that connection would stay open.
        if (source.readyState !== WebSocket.OPEN) return target.close();
        source.resume();
        relieve(source, target);
        relieve(target, source);
        keepAlive([source, target], heartbeatMs);
      },
    },
  };
}

type SocketClass = NonNullable<FastifyHttpProxyOptions['wsServerOptions']>['WebSocket'];

/** The caller's side. */
function callerSocket(service: string) {
  return class CallerSocket extends WebSocket {
    constructor(...args: ConstructorParameters<typeof WebSocket>) {
      super(...args);
      // Until the provider is connected, the caller's messages stay in its own socket. The socket is open when this
      // runs.
      queueMicrotask(() => this.pause());
      const expiry = handshake.getStore()?.user?.exp;
      if (expiry !== undefined) this.#endAt(expiry * 1000);
    }

    /** Closes the WebSocket when the token that opened it expires. */
    #endAt(time: number): void {
      const left = time - Date.now();
      const timer = setTimeout(
        () => (left > LONGEST_TIMER_MS ? this.#endAt(time) : this.#endWithToken()),
        Math.min(Math.max(left, 0), LONGEST_TIMER_MS),
      );
      timer.unref();
      this.once('close', () => clearTimeout(timer));
    }

    #endWithToken(): void {
      this.close(POLICY_VIOLATION, Buffer.from('the token has expired'));
    }

    override close(code = GOING_AWAY, reason?: string | Buffer): void {
      // The provider's answer was invalid.
      this.resume();
      // The proxy uses error messages as reasons. They contain addresses, or are too long for a close frame.
      super.close(code, typeof reason === 'string' ? `${service} cannot be reached` : reason);
    }
  };
}
