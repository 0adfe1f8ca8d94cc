import httpProxy from '@fastify/http-proxy';
import type { FastifyPluginAsync } from 'fastify';
import { markAsEdge } from '../context/request-context.js';
import { refuseAmbiguousPaths } from './path-guard.js';
import { ProviderHealthChecks, type ProviderHealth } from './provider-health.js';
import { checkRoutes, type Provider, type ProviderRoute } from './provider-route.js';
import { proxyOptions } from './proxy-route.js';
import { openTransport } from './transport.js';
import type { WebSocketLimits } from './websocket.js';

export type { FieldChanges } from './json-fields.js';
export type { HeaderChanges, Provider, ProviderRoute } from './provider-route.js';

export interface GatewayOptions {
  providers: readonly Provider[];
  /**
   * For routes without a time limit of their own: from the end of the request's body until the answer begins. Default
   * 10 000.
   */
  timeoutMs?: number;
  /** The gateway's own `x-service-key`, by which providers recognise it. */
  serviceKey?: string;
  webSockets?: WebSocketLimits;
  /**
   * Whether callers are services of the platform. Their deadlines and traces are then continued. Default false: headers
   * from outside are ignored.
   */
  callersAreInside?: boolean;
  /** Whether the gateway uses `cors`. If so, CORS headers of providers are removed. */
  cors?: boolean;
}

export interface Gateway {
  /** Serves the routes of all providers. Register it after `cors`, `jwt` and `rateLimit`. */
  readonly routes: FastifyPluginAsync;
  /** The state of each provider, for `createService({ health })`. Each is asked at most every two seconds. */
  health(): Promise<{ services: ProviderHealth }>;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The name of the provider, on routes that a provider serves. */
    provider?: string;
    providerRoute?: ProviderRoute;
  }
}

/**
 * Serves the routes of other services. Bodies are streamed in both directions and not stored, except JSON answers
 * whose fields a route changes. Each request reaches
 * its provider with the id, trace and deadline of its context, and without headers that only the platform may set.
 *
 * A provider that cannot be reached is a 503, one that does not answer in time a 504, one that breaks off a 502. Each
 * answer names the service. Requests that never reached the provider are tried again; GET and HEAD also after a broken
 * connection.
 */
export function gateway(options: GatewayOptions): Gateway {
  const { providers, timeoutMs = 10_000 } = options;
  checkRoutes(providers.flatMap(({ routes }) => routes));
  const transport = openTransport();
  const checks = new ProviderHealthChecks(providers, transport.agent);
  return {
    health: async () => ({ services: await checks.read() }),
    routes: async (app) => {
      if (!options.callersAreInside) markAsEdge(app);
      // The gateway does not parse bodies; the providers do.
      app.removeAllContentTypeParsers();
      refuseAmbiguousPaths(
        app,
        providers.flatMap(({ routes }) => routes),
      );
      for (const provider of providers) {
        for (const route of provider.routes) {
          await app.register(
            httpProxy,
            proxyOptions({ ...options, timeoutMs, transport, provider, route }),
          );
        }
      }
    },
  };
}
