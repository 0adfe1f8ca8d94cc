import type { IncomingMessage } from 'node:http';
import type { FastifyHttpProxyOptions } from '@fastify/http-proxy';
import type { FastifyRequest } from 'fastify';
import { WebSocket } from 'ws';
import { upgradeHeaders, type ForwardOptions } from './forwarded-headers.js';

/** Whether Node takes the request for the beginning of another protocol. */
export function isUpgrade({ headers }: IncomingMessage): boolean {
  return headers.upgrade !== undefined && /\bupgrade\b/i.test(headers.connection ?? '');
}

/** How @fastify/http-proxy serves WebSockets of a provider. */
export function webSocketOptions(service: string, { limitMs, serviceKey }: ForwardOptions) {
  const client = {
    handshakeTimeout: limitMs,
    perMessageDeflate: false,
    rewriteRequestHeaders: (_headers: object, request: FastifyRequest) =>
      upgradeHeaders(request, serviceKey),
  };
  return {
    websocket: true,
    wsServerOptions: { WebSocket: callerSocket(service) as unknown as SocketClass },
    wsClientOptions: client as FastifyHttpProxyOptions['wsClientOptions'],
    wsHooks: {
      // A caller may be gone before its provider is there; nobody else would close that connection.
      onConnect: (_context: object, source: WebSocket, target: WebSocket) => {
        if (source.readyState !== WebSocket.OPEN) target.close();
      },
    },
  };
}

type SocketClass = NonNullable<FastifyHttpProxyOptions['wsServerOptions']>['WebSocket'];

/** The caller's end. The proxy gives errors as reasons, with addresses in them or longer than a close frame takes. */
function callerSocket(service: string) {
  return class CallerSocket extends WebSocket {
    override close(code?: number, reason?: string | Buffer): void {
      super.close(code, typeof reason === 'string' ? `${service} cannot be reached` : reason);
    }
  };
}
