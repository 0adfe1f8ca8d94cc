import fastifyCors from '@fastify/cors';
import fastifyHelmet from '@fastify/helmet';
import type { FastifyPluginAsync } from 'fastify';
import fp from 'fastify-plugin';
import { noteAllowedOrigins } from './allowed-origins.js';

export interface CorsOptions {
  /** Exact origins, `https://shop.example.com`; or only `*`, for data that everyone may read. */
  origins: readonly string[];
  /** Whether browsers may send cookies and `Authorization`. Default false. */
  credentials?: boolean;
  methods?: readonly string[];
  /** Allowed request headers. Default: whatever the browser asks for. */
  headers?: readonly string[];
  /**
   * Answer headers that pages may read, besides those that are always allowed. Default `x-request-id` and
   * `retry-after`.
   */
  exposedHeaders?: readonly string[];
  /** How long browsers cache the result of a preflight, in seconds. Default 600. */
  maxAgeSeconds?: number;
}

/**
 * Lets pages of the listed origins call this service, and no others. Register it before authentication, because a
 * preflight has no credentials.
 *
 * @throws {TypeError} with all problems, such as `*` together with credentials.
 */
export function cors({
  origins,
  credentials = false,
  methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
  headers,
  exposedHeaders = ['x-request-id', 'retry-after'],
  maxAgeSeconds = 600,
}: CorsOptions): FastifyPluginAsync {
  checkOrigins(origins, credentials);
  const plugin: FastifyPluginAsync = async (app) => {
    noteAllowedOrigins(app, origins);
    await app.register(fastifyCors, {
      origin: origins.includes('*') ? '*' : [...origins],
      credentials,
      methods: [...methods],
      allowedHeaders: headers && [...headers],
      exposedHeaders: [...exposedHeaders],
      maxAge: maxAgeSeconds,
    });
  };
  return fp(plugin, { name: '@org/chassis/cors', fastify: '5.x' });
}

function checkOrigins(origins: readonly string[], credentials: boolean): void {
  const problems: string[] = [];
  if (origins.length === 0) problems.push('name at least one origin');
  if (origins.includes('*')) {
    if (credentials) problems.push('"*" with credentials would let every page act as the user');
    if (origins.length > 1) problems.push('"*" makes the other origins meaningless');
  }
  for (const origin of origins) {
    const parsed = URL.canParse(origin) ? new URL(origin).origin : undefined;
    if (origin === '*' || origin === parsed) continue;
    const hint = parsed && parsed !== 'null' ? `; did you mean "${parsed}"?` : '';
    problems.push(`"${origin}" is not an origin (scheme://host[:port], no path)${hint}`);
  }
  if (problems.length > 0) throw new TypeError(`cors: ${problems.join('; ')}`);
}

export interface SecurityHeadersOptions {
  /** The max-age of `Strict-Transport-Security`; 0 for services that are never called over HTTPS. Default a year. */
  hstsSeconds?: number;
}

/** Security headers for a service that answers with data: no answer is a page, and none may be shown in a frame. */
export function securityHeaders({
  hstsSeconds = 31_536_000,
}: SecurityHeadersOptions = {}): FastifyPluginAsync {
  const plugin: FastifyPluginAsync = async (app) => {
    await app.register(fastifyHelmet, {
      // https://cheatsheetseries.owasp.org/cheatsheets/REST_Security_Cheat_Sheet.html#security-headers
      contentSecurityPolicy: {
        useDefaults: false,
        directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
      },
      frameguard: { action: 'deny' },
      hsts: hstsSeconds > 0 && { maxAge: hstsSeconds, includeSubDomains: true },
    });
  };
  return fp(plugin, { name: '@org/chassis/security-headers', fastify: '5.x' });
}

export interface JsonBodyOptions {
  /** A larger body is a 413. A route's own `bodyLimit` wins. Default 102 400. */
  maxBytes?: number;
}

/** Accepts JSON bodies only, up to a size. Register it before the routes. Any other type is a 415. */
export function jsonBodies({ maxBytes = 102_400 }: JsonBodyOptions = {}): FastifyPluginAsync {
  // eslint-disable-next-line @typescript-eslint/require-await -- Fastify recognises this kind of plugin by `async`
  const plugin: FastifyPluginAsync = async (app) => {
    // A form on a page of another origin can send text/plain without a preflight.
    app.removeContentTypeParser('text/plain');
    app.addHook('onRoute', (route) => {
      route.bodyLimit ??= maxBytes;
    });
  };
  return fp(plugin, { name: '@org/chassis/json-bodies', fastify: '5.x' });
}
