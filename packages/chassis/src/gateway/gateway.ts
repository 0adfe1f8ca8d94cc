import httpProxy, { type FastifyHttpProxyOptions } from '@fastify/http-proxy';
import type { FastifyPluginAsync, FastifyReply } from 'fastify';
import { wasNotSent } from '../connections/request-not-sent.js';
import { shortenToDeadline } from '../context/deadline.js';
import { markAsEdge } from '../context/request-context.js';
import { formatReason } from '../errors/errors.js';
import { STATUS_CODES } from '../errors/status-codes.js';
import { answerHeaders, forwardHeaders } from './forwarded-headers.js';
import { refuseAmbiguousPaths } from './path-guard.js';
import { ProviderHealthChecks, type ProviderHealth } from './provider-health.js';
import {
  CallerGoneError,
  openTransport,
  ProviderCall,
  ProviderTimeoutError,
  withCall,
  type Transport,
} from './transport.js';
import {
  beginWebSocket,
  refuseWebSocket,
  webSocketOptions,
  type WebSocketLimits,
} from './websocket.js';

/** A path that a provider serves, with all paths below it. Paths reach the provider unchanged. */
export interface ProviderRoute {
  /** `/api/orders` includes `/api/orders/12`, but not `/api/orders-archive`. */
  path: string;
  /** `none`: open to everyone, no token needed. */
  auth?: 'none';
  /** `off`: calls are not counted for the rate limit. */
  rateLimit?: 'off';
  /** Time limit until the answer begins. */
  timeoutMs?: number;
  /** Whether WebSockets may be opened on it. */
  websocket?: boolean;
}

export interface Provider {
  service: string;
  /** Base URL. */
  url: string;
  routes: readonly ProviderRoute[];
}

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
 * Serves the routes of other services. Bodies are streamed in both directions and never stored. Each request reaches
 * its provider with the id, trace and deadline of its context, and without headers that only the platform may set.
 *
 * A provider that cannot be reached is a 503, one that does not answer in time a 504, one that breaks off a 502. Each
 * answer names the service. Requests that never reached the provider are tried again; GET and HEAD also after a broken
 * connection.
 */
export function gateway(options: GatewayOptions): Gateway {
  const { providers, timeoutMs = 10_000 } = options;
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

interface RouteOptions extends GatewayOptions {
  timeoutMs: number;
  transport: Transport;
  provider: Provider;
  route: ProviderRoute;
}

function proxyOptions(options: RouteOptions): FastifyHttpProxyOptions {
  const { provider, route, transport, serviceKey } = options;
  const { origin, pathname } = new URL(provider.url);
  const limitMs = route.timeoutMs ?? options.timeoutMs;
  return {
    upstream: origin,
    prefix: route.path,
    rewritePrefix: pathname.replace(/\/$/, '') + route.path,
    internalRewriteLocationHeader: false,
    disableRequestLogging: true,
    undici: transport as FastifyHttpProxyOptions['undici'],
    config: {
      provider: provider.service,
      providerRoute: route,
      ...(route.auth === 'none' && { auth: false }),
      ...(route.rateLimit === 'off' && { rateLimit: false }),
    },
    // With a listener for upgrades, Node passes every upgrade to it, and the proxy would leave this one unanswered.
    preHandler: route.websocket ? beginWebSocket : refuseWebSocket(route.path),
    handler: (request, reply, dest, { rewriteHeaders }) => {
      const call = beginCall(reply, limitMs);
      if (!call) return answerNoTime(reply, provider.service);
      withCall(call, () =>
        reply.from(dest, {
          rewriteRequestHeaders: (_request, headers) =>
            forwardHeaders(request, headers, { limitMs: call.limitMs, serviceKey }),
          // The proxy's own default, which makes header values valid.
          rewriteHeaders: (headers) =>
            answerHeaders(rewriteHeaders?.(headers) ?? headers, {
              origin,
              ownCors: options.cors ?? false,
              vary: reply.getHeader('vary')?.toString(),
            }),
          // Called after each attempt, including successful ones.
          retryDelay: ({ err, attempt }) =>
            (err as Error | null) ? call.pauseAfter(err, request.method, attempt) : null,
          onError: (_reply, { error }) => {
            if (!(call.reason instanceof CallerGoneError)) {
              answerFailure(reply, provider.service, causeOf(error));
            }
          },
        }),
      );
    },
    ...(route.websocket &&
      webSocketOptions(provider.service, { limitMs, serviceKey }, options.webSockets)),
  };
}

/** Undefined if the caller does not wait any more. */
function beginCall(reply: FastifyReply, limitMs: number): ProviderCall | undefined {
  const limit = shortenToDeadline(limitMs);
  if (limit < 1) return undefined;
  const call = new ProviderCall(limit);
  reply.raw.once('close', () => call.callerIsGone());
  return call;
}

/** The caller's own deadline has passed. Neither the gateway nor the provider is at fault. */
function answerNoTime(reply: FastifyReply, service: string): void {
  const message = `${service} was not called: the caller's deadline has passed`;
  reply.log.info({ provider: service }, message);
  void reply.code(504).send({ statusCode: 504, error: STATUS_CODES[504], message, service });
}

/** The original error: those of the proxy contain no addresses, but no reasons either. */
function causeOf(error: Error): Error {
  return error.cause instanceof Error ? error.cause : error;
}

/** Unlike other answers from 500 on, it says what failed: the service's name, but not its address. */
function answerFailure(reply: FastifyReply, service: string, error: Error): void {
  const { statusCode, message } = failureOf(service, error);
  reply.log.error({ provider: service, reason: formatReason(error) }, message);
  if (statusCode === 503) reply.header('retry-after', '1');
  // The rest of the body is not waited for.
  if (!reply.request.raw.complete) reply.header('connection', 'close');
  void reply
    .code(statusCode)
    .send({ statusCode, error: STATUS_CODES[statusCode], message, service });
}

function failureOf(service: string, error: Error): { statusCode: number; message: string } {
  if (error instanceof ProviderTimeoutError) {
    return { statusCode: 504, message: `${service} did not answer in time` };
  }
  if (wasNotSent(error)) return { statusCode: 503, message: `${service} cannot be reached` };
  return { statusCode: 502, message: `${service} broke off` };
}
