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

/** A path that a provider serves, and all paths below it; they reach the provider unchanged. */
export interface ProviderRoute {
  /** `/api/orders`: also `/api/orders/12`, not `/api/orders-archive`. */
  path: string;
  /** `none`: anybody may call it, without a token. */
  auth?: 'none';
  /** `off`: calls are not counted. */
  rateLimit?: 'off';
  /** Until the answer begins. */
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
  /** Of routes that have none of their own: until the answer begins, after the last of the body was sent. Default 10 000. */
  timeoutMs?: number;
  /** The gateway's own `x-service-key`, by which providers know it. */
  serviceKey?: string;
  webSockets?: WebSocketLimits;
  /**
   * Whether callers are services of the platform: their deadlines and traces are then continued. Default false: what
   * comes from outside begins anew.
   */
  callersAreInside?: boolean;
  /** Whether the gateway itself uses `cors`: what providers say about other origins is then left out. */
  cors?: boolean;
}

export interface Gateway {
  /** Serves the routes of all providers: register it after `cors`, `jwt` and `rateLimit`. */
  readonly routes: FastifyPluginAsync;
  /** How each provider is, for `createService({ health })`; asked at most every two seconds. */
  health(): Promise<{ services: ProviderHealth }>;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Of a route that a provider serves: the provider's name. */
    provider?: string;
    providerRoute?: ProviderRoute;
  }
}

/**
 * Serves the routes of other services. Bodies are streamed both ways and never held. Each request reaches its
 * provider with the id, trace and deadline of its context, and without headers that only the platform may set.
 *
 * A provider that cannot be reached is a 503, one that does not answer in time a 504, one that breaks off a 502; each
 * names the service. What no provider has seen is tried again, and GET and HEAD also after a broken connection.
 */
export function gateway(options: GatewayOptions): Gateway {
  const { providers, timeoutMs = 10_000 } = options;
  const transport = openTransport();
  const checks = new ProviderHealthChecks(providers, transport.agent);
  return {
    health: async () => ({ services: await checks.read() }),
    routes: async (app) => {
      if (!options.callersAreInside) markAsEdge(app);
      // Bodies are the providers' to read.
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
    // Node hands every upgrade to whoever listens for some, and the proxy would leave this one unanswered.
    preHandler: route.websocket ? beginWebSocket : refuseWebSocket(route.path),
    handler: (request, reply, dest, { rewriteHeaders }) => {
      const call = beginCall(reply, limitMs);
      if (!call) return answerNoTime(reply, provider.service);
      withCall(call, () =>
        reply.from(dest, {
          rewriteRequestHeaders: (_request, headers) =>
            forwardHeaders(request, headers, { limitMs: call.limitMs, serviceKey }),
          // The proxy's own makes header values valid.
          rewriteHeaders: (headers) =>
            answerHeaders(rewriteHeaders?.(headers) ?? headers, {
              origin,
              ownCors: options.cors ?? false,
              vary: reply.getHeader('vary')?.toString(),
            }),
          // Asked after each attempt, also a good one.
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

/** Undefined if the caller has stopped waiting. */
function beginCall(reply: FastifyReply, limitMs: number): ProviderCall | undefined {
  const limit = shortenToDeadline(limitMs);
  if (limit < 1) return undefined;
  const call = new ProviderCall(limit);
  reply.raw.once('close', () => call.callerIsGone());
  return call;
}

/** The caller's own deadline has passed; neither gateway nor provider is at fault. */
function answerNoTime(reply: FastifyReply, service: string): void {
  const message = `${service} was not called: the caller's deadline has passed`;
  reply.log.info({ provider: service }, message);
  void reply.code(504).send({ statusCode: 504, error: STATUS_CODES[504], message, service });
}

/** What the proxy wrapped: its own errors have no addresses, but also no reasons. */
function causeOf(error: Error): Error {
  return error.cause instanceof Error ? error.cause : error;
}

/** Unlike other answers from 500 on, it says what failed: the name of the service, but not its address. */
function answerFailure(reply: FastifyReply, service: string, error: Error): void {
  const { statusCode, message } = failureOf(service, error);
  reply.log.error({ provider: service, reason: formatReason(error) }, message);
  if (statusCode === 503) reply.header('retry-after', '1');
  // What is left of the body is not waited for.
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
