import type { IncomingMessage } from 'node:http';
import type { FastifyHttpProxyOptions } from '@fastify/http-proxy';
import type { FastifyRequest } from 'fastify';
import { WebSocket } from 'ws';
import { upgradeHeaders, type ForwardOptions } from './forwarded-headers.js';
import { keepAlive, relieve } from './websocket-link.js';

/** A side that does not answer the end of its WebSocket is cut off after this long. */
const CLOSE_TIMEOUT_MS = 1000;
/** https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1 */
const GOING_AWAY = 1001;

export interface WebSocketLimits {
  /** A longer message ends the WebSocket with code 1009. Default 1 048 576, of each direction. */
  maxMessageBytes?: number;
  /** Both sides are pinged this often; one that is silent for twice as long is cut off. Default 30 000. */
  heartbeatMs?: number;
}

/** Whether Node takes the request for the beginning of another protocol. */
export function isUpgrade({ headers }: IncomingMessage): boolean {
  return headers.upgrade !== undefined && /\bupgrade\b/i.test(headers.connection ?? '');
}

/** How @fastify/http-proxy serves WebSockets of a provider. */
export function webSocketOptions(
  service: string,
  { limitMs, serviceKey }: ForwardOptions,
  { maxMessageBytes = 1_048_576, heartbeatMs = 30_000 }: WebSocketLimits = {},
) {
  const limits = { maxPayload: maxMessageBytes, closeTimeout: CLOSE_TIMEOUT_MS };
  const client = {
    ...limits,
    handshakeTimeout: limitMs,
    perMessageDeflate: false,
    rewriteRequestHeaders: (_headers: object, request: FastifyRequest) =>
      upgradeHeaders(request, serviceKey),
  };
  return {
    websocket: true,
    wsServerOptions: { ...limits, WebSocket: callerSocket(service) as unknown as SocketClass },
    wsClientOptions: client as FastifyHttpProxyOptions['wsClientOptions'],
    wsHooks: {
      onConnect: (_context: object, source: WebSocket, target: WebSocket) => {
        // A caller may be gone before its provider is there; nobody else would close that connection.
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

/** The caller's end. */
function callerSocket(service: string) {
  return class CallerSocket extends WebSocket {
    constructor(...args: ConstructorParameters<typeof WebSocket>) {
      super(...args);
      // Until the provider is there, the caller's messages wait on its own side. It is open when this runs.
      queueMicrotask(() => this.pause());
    }

    override close(code = GOING_AWAY, reason?: string | Buffer): void {
      // The answer could not be read.
      this.resume();
      // The proxy gives errors as reasons, with addresses in them or longer than a close frame takes.
      super.close(code, typeof reason === 'string' ? `${service} cannot be reached` : reason);
    }
  };
}
