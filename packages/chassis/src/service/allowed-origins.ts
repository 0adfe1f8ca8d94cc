import type { FastifyInstance, FastifyRequest } from 'fastify';

const ORIGINS = Symbol('origins whose pages may call');

/** Set by `cors`. Used for WebSockets, for which browsers make no CORS check. */
export function noteAllowedOrigins(app: FastifyInstance, origins: readonly string[]): void {
  app.decorate(ORIGINS, origins);
}

/**
 * Whether a page may open a WebSocket: a page of the same host, or of an origin in `cors`. Programs send no origin. A
 * browser sends cookies with a WebSocket from any page, and no page can change these headers.
 */
export function isAllowedOrigin(request: FastifyRequest): boolean {
  const { origin, host } = request.headers;
  if (origin === undefined) return true;
  const named = (request.server as { [ORIGINS]?: readonly string[] })[ORIGINS] ?? [];
  if (named.includes('*') || named.includes(origin)) return true;
  const page = URL.canParse(origin) ? new URL(origin).host : '';
  return page !== '' && [host, request.headers['x-forwarded-host']].includes(page);
}
