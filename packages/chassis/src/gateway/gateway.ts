import httpProxy from '@fastify/http-proxy';
import type { FastifyInstance, FastifyPluginAsync } from 'fastify';
import { markAsEdge } from '../context/request-context.js';
import { isAggregate, isProvider, type Aggregate } from './aggregate.js';
import { serveAggregate } from './aggregate-route.js';
import { refuseAmbiguousPaths, type GuardedRoute } from './path-guard.js';
import { ProviderHealthChecks, type HealthTarget, type ProviderHealth } from './provider-health.js';
import { checkRoutes, type Provider, type ProviderRoute } from './provider-route.js';
import { proxyOptions } from './proxy-route.js';
import { routeLimiter, type LimitRoute } from './route-limit.js';
import { openTransport } from './transport.js';
import type { WebSocketLimits } from './websocket.js';

export type { Aggregate, AggregatePart } from './aggregate.js';
export type { FieldChanges } from './json-fields.js';
export type { HeaderChanges, Provider, ProviderRoute } from './provider-route.js';
export type { RouteLimit } from './route-limit.js';

export interface GatewayOptions {
  /** Services with their routes, and aggregates of several services. */
  providers: readonly (Aggregate | Provider)[];
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
    providerRoute?: GuardedRoute;
    /** Whether the route has a rate limit of its own, instead of the common one. */
    hasOwnLimit?: boolean;
  }
}

/**
 * Serves the routes of other services. Bodies are streamed in both directions and not stored, except JSON answers
 * whose fields a route changes, and the answers that an aggregate is made of. Each request reaches its provider with the
 * id, trace and deadline of its context, and without headers that only the platform may set.
 *
 * A provider that cannot be reached is a 503, one that does not answer in time a 504, one that breaks off a 502. Each
 * answer names the service. Requests that never reached the provider are tried again; GET and HEAD also after a broken
 * connection.
 */
export function gateway(options: GatewayOptions): Gateway {
  const { timeoutMs = 10_000 } = options;
  const providers = options.providers.filter(isProvider);
  const aggregates = options.providers.filter(isAggregate);
  const allRoutes = providers.flatMap(({ routes }) => routes);
  checkRoutes(allRoutes);
  const transport = openTransport();
  const checks = new ProviderHealthChecks(healthTargets(options.providers), transport.agent);
  return {
    health: async () => ({ services: await checks.read() }),
    routes: async (app) => {
      if (!options.callersAreInside) markAsEdge(app);
      // The gateway does not parse bodies; the providers do.
      app.removeAllContentTypeParsers();
      refuseAmbiguousPaths(app, allRoutes);
      for (const aggregate of aggregates) {
        const limit = limitOption(app, aggregate);
        serveAggregate(app, aggregate, { ...options, ...limit, timeoutMs, transport });
      }
      for (const provider of providers) {
        for (const route of provider.routes) {
          await app.register(
            httpProxy,
            proxyOptions({
              ...options,
              ...limitOption(app, route),
              timeoutMs,
              transport,
              provider,
              route,
            }),
          );
        }
      }
    },
  };
}

function limitOption(
  app: FastifyInstance,
  { path, rateLimit }: Pick<ProviderRoute, 'path' | 'rateLimit'>,
): { limit?: LimitRoute } {
  return typeof rateLimit === 'object' ? { limit: routeLimiter(app, path, rateLimit) } : {};
}

/** Each service once. */
function healthTargets(entries: GatewayOptions['providers']): HealthTarget[] {
  const targets = entries.flatMap((entry): HealthTarget[] =>
    isAggregate(entry) ? Object.values(entry.parts) : [entry],
  );
  return [...new Map(targets.map((target) => [target.service, target])).values()];
}
