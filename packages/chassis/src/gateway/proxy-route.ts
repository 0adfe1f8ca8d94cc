import type { FastifyHttpProxyOptions } from '@fastify/http-proxy';
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { askProvider, queryOf } from './ask-provider.js';
import { changeText, checkNotEncoded, MAX_BUFFERED_BYTES, readBody } from './buffered-answer.js';
import { answerFailure, answerNoTime, beginCall, causeOf } from './call-failure.js';
import { answerHeaders, forwardHeaders, headersForCache } from './forwarded-headers.js';
import type { CacheEntry } from './cached-answer.js';
import { answerCached, answerFresh } from './cached-route.js';
import { fieldMapper, mappingTag } from './json-fields.js';
import {
  callersPath,
  parseBaseUrl,
  providerPath,
  removedPrefix,
  type Provider,
  type ProviderRoute,
} from './provider-route.js';
import {
  askForPlainAnswer,
  describeChangedAnswer,
  headerChanger,
  isJson,
} from './route-headers.js';
import { limitConfig, type LimitRoute } from './route-limit.js';
import { CallerGoneError, withCall, type ProviderCall, type Transport } from './transport.js';
import {
  beginWebSocket,
  refuseWebSocket,
  webSocketOptions,
  type WebSocketLimits,
} from './websocket.js';

export interface RouteOptions {
  /** If the route has no time limit of its own. */
  timeoutMs: number;
  serviceKey?: string;
  webSockets?: WebSocketLimits;
  cors?: boolean;
  transport: Transport;
  provider: Provider;
  route: ProviderRoute;
  /** The limiter of the route, if it has its own limit. */
  limit?: LimitRoute;
}

/** The options with which @fastify/http-proxy serves one route of a provider. */
export function proxyOptions(options: RouteOptions): FastifyHttpProxyOptions {
  const { provider, route, transport, serviceKey } = options;
  const { origin, path: base } = parseBaseUrl(provider.url);
  const limitMs = route.timeoutMs ?? options.timeoutMs;
  const changes = routeChanges(route, base);
  const fail = (reply: FastifyReply, call: ProviderCall, error: Error) => {
    if (!(call.reason instanceof CallerGoneError)) answerFailure(reply, provider.service, error);
  };
  return {
    upstream: origin,
    prefix: route.path,
    rewritePrefix: base + providerPath(route),
    internalRewriteLocationHeader: false,
    disableRequestLogging: true,
    undici: transport as FastifyHttpProxyOptions['undici'],
    config: {
      provider: provider.service,
      providerRoute: route,
      ...(route.auth === 'none' && { auth: false }),
      ...limitConfig(route.rateLimit),
    },
    // With a listener for upgrades, Node passes every upgrade to it, and the proxy would leave this one unanswered.
    preHandler: [
      ...(options.limit ? [options.limit] : []),
      route.websocket ? beginWebSocket : refuseWebSocket(route.path),
    ] as unknown as FastifyHttpProxyOptions['preHandler'],
    handler: (request, reply, dest, { rewriteHeaders }) => {
      // For an empty path, the proxy would send the caller's path.
      const path = dest === '' ? '/' : dest;
      const describe = (headers: IncomingHttpHeaders) =>
        changes.ofAnswer(
          answerHeaders(rewriteHeaders?.(headers) ?? headers, {
            origin,
            ownCors: options.cors ?? false,
            vary: reply.getHeader('vary')?.toString(),
            toCallersPath: changes.toCallersPath,
          }),
        );
      const entry = entryFor(route, request, reply);
      if (entry?.fresh) {
        answerFresh(request, reply, entry.fresh, describe);
        return;
      }
      const call = beginCall(reply, limitMs);
      if (!call) return answerNoTime(reply, provider.service);
      const forward = (headers: IncomingHttpHeaders) =>
        changes.ofRequest(forwardHeaders(request, headers, { limitMs: call.limitMs, serviceKey }));
      if (entry) {
        answerCached(request, reply, {
          entry,
          maxEntryBytes: route.cache!.maxEntryBytes,
          limitMs,
          ask: (validators) =>
            askProvider(transport, call, {
              origin,
              path: path + queryOf(request),
              headers: forward({ ...headersForCache(request), ...validators }),
            }),
          describe,
          change: async ({ statusCode, headers, body }) =>
            changes.ofBody?.(request, { statusCode, headers, stream: body }, limitMs),
        }).catch((error: unknown) => fail(reply, call, error as Error));
        return;
      }
      withCall(call, () =>
        reply.from(path, {
          rewriteRequestHeaders: (_request, headers) => forward(headers),
          // The proxy's own default, which makes header values valid.
          rewriteHeaders: describe,
          ...(changes.ofBody && {
            onResponse: (_request: unknown, _reply: unknown, given: unknown) => {
              const answer = given as ProvidersAnswer;
              changes.ofBody!(request, answer, limitMs).then(
                (body) => void reply.send(body ?? answer.stream),
                (error: unknown) => {
                  for (const name of Object.keys(answer.headers)) {
                    if (name !== 'vary') reply.removeHeader(name);
                  }
                  fail(reply, call, error as Error);
                },
              );
            },
          }),
          // Called after each attempt, including successful ones.
          retryDelay: ({ err, attempt }) =>
            (err as Error | null) ? call.pauseAfter(err, request.method, attempt) : null,
          onError: (_reply, { error }) => fail(reply, call, causeOf(error)),
        }),
      );
    },
    ...(route.websocket &&
      webSocketOptions(
        provider.service,
        { limitMs, serviceKey, change: changes.ofRequest },
        options.webSockets,
      )),
  };
}

/** As @fastify/reply-from passes it. */
interface ProvidersAnswer {
  statusCode: number;
  headers: IncomingHttpHeaders;
  stream: Readable;
}

interface RouteChanges {
  ofRequest: (headers: IncomingHttpHeaders) => IncomingHttpHeaders;
  ofAnswer: (headers: IncomingHttpHeaders) => IncomingHttpHeaders;
  /** A changed body; undefined for one that is passed on as it is. */
  ofBody?: (
    request: FastifyRequest,
    answer: ProvidersAnswer,
    limitMs: number,
  ) => Promise<Buffer | undefined>;
  toCallersPath?: (path: string) => string;
}

/** What a route changes on the way to its provider and back. */
function routeChanges(route: ProviderRoute, base: string): RouteChanges {
  const { fields, headers = {} } = route;
  const prefix = removedPrefix(route);
  const changeRequest = headerChanger(headers.request);
  const changeAnswer = headerChanger(headers.response);
  const tag = fields && mappingTag(fields);
  return {
    ofRequest: (sent) => {
      if (prefix !== undefined) sent['x-forwarded-prefix'] = prefix;
      if (tag !== undefined) askForPlainAnswer(sent, tag);
      return changeRequest(sent);
    },
    ofAnswer: (answered) =>
      changeAnswer(
        tag !== undefined && isJson(answered['content-type'])
          ? describeChangedAnswer(answered, tag)
          : answered,
      ),
    ...(fields && { ofBody: bodyChange(fieldMapper(fields)) }),
    ...(route.rewrite !== undefined && {
      toCallersPath: (path) => {
        const below = base !== '' && path.startsWith(`${base}/`) ? path.slice(base.length) : path;
        return callersPath(route, below) ?? path;
      },
    }),
  };
}

function bodyChange(map: (text: string) => string): RouteChanges['ofBody'] {
  return async ({ method }, { statusCode, headers, stream }, limitMs) => {
    const hasNoBody = method === 'HEAD' || statusCode === 204 || statusCode === 304;
    if (hasNoBody || !isJson(headers['content-type'])) return undefined;
    checkNotEncoded(headers['content-encoding']);
    const body = await readBody(stream, { maxBytes: MAX_BUFFERED_BYTES, limitMs });
    // A body of its own type, so that Fastify does not change the type.
    return Buffer.from(body.length === 0 ? '' : changeText(body, map));
  };
}

/** What the cache of the route knows about a request. Others that succeed may change what it has. */
function entryFor(
  { cache }: ProviderRoute,
  request: FastifyRequest,
  reply: FastifyReply,
): CacheEntry | undefined {
  if (!cache) return undefined;
  const { method, headers, protocol, host, raw } = request;
  if (method === 'GET') {
    return cache.find({ origin: `${protocol}://${host}`, target: raw.url ?? '', headers });
  }
  if (method !== 'HEAD' && method !== 'OPTIONS') {
    reply.raw.once('finish', () => {
      if (reply.statusCode < 400) cache.forget();
    });
  }
  return undefined;
}
