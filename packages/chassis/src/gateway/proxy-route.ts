import type { FastifyHttpProxyOptions } from '@fastify/http-proxy';
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { changeText, checkNotEncoded, MAX_BUFFERED_BYTES, readBody } from './buffered-answer.js';
import { answerFailure, answerNoTime, beginCall, causeOf } from './call-failure.js';
import { answerHeaders, forwardHeaders } from './forwarded-headers.js';
import { fieldMapper, mappingTag } from './json-fields.js';
import {
  callersPath,
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
  const { origin, pathname } = new URL(provider.url);
  const base = pathname.replace(/\/$/, '');
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
      const call = beginCall(reply, limitMs);
      if (!call) return answerNoTime(reply, provider.service);
      withCall(call, () =>
        // For an empty path, the proxy would send the caller's path.
        reply.from(dest === '' ? '/' : dest, {
          rewriteRequestHeaders: (_request, headers) =>
            changes.ofRequest(
              forwardHeaders(request, headers, { limitMs: call.limitMs, serviceKey }),
            ),
          // The proxy's own default, which makes header values valid.
          rewriteHeaders: (headers) =>
            changes.ofAnswer(
              answerHeaders(rewriteHeaders?.(headers) ?? headers, {
                origin,
                ownCors: options.cors ?? false,
                vary: reply.getHeader('vary')?.toString(),
                toCallersPath: changes.toCallersPath,
              }),
            ),
          ...(changes.ofBody && {
            onResponse: (_request: unknown, _reply: unknown, answer: unknown) => {
              changes.ofBody!(reply, answer as ProvidersAnswer, limitMs).catch((error: unknown) => {
                for (const name of Object.keys((answer as ProvidersAnswer).headers)) {
                  if (name !== 'vary') reply.removeHeader(name);
                }
                fail(reply, call, error as Error);
              });
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
  /** Undefined if bodies are passed on as they are. */
  ofBody?: (reply: FastifyReply, answer: ProvidersAnswer, limitMs: number) => Promise<void>;
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
  return async (reply, { statusCode, headers, stream }, limitMs) => {
    const hasNoBody = reply.request.method === 'HEAD' || statusCode === 204 || statusCode === 304;
    if (hasNoBody || !isJson(headers['content-type'])) return void reply.send(stream);
    checkNotEncoded(headers['content-encoding']);
    const body = await readBody(stream, { maxBytes: MAX_BUFFERED_BYTES, limitMs });
    // A body of its own type, so that Fastify does not change the type.
    void reply.send(Buffer.from(body.length === 0 ? '' : changeText(body, map)));
  };
}
