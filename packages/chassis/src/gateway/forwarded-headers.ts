import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyRequest } from 'fastify';
import {
  DEADLINE_HEADER,
  REQUEST_ID_HEADER,
  RETRY_HEADER,
  SERVICE_KEY_HEADER,
} from '../context/headers.js';
import { contextHeaders } from '../context/request-context.js';

/** Headers of one connection, which are never passed on: https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1 */
const HOP_BY_HOP: readonly string[] = [
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

/** Headers that providers trust, because only the platform sets them. From outside, anyone could set them. */
const OURS_TO_SAY = [
  'forwarded',
  'x-real-ip',
  'traceparent',
  DEADLINE_HEADER,
  REQUEST_ID_HEADER,
  RETRY_HEADER,
  SERVICE_KEY_HEADER,
];

/**
 * Headers in which proxies describe a request: its caller (`x-forwarded-for`, `x-user-id`, `x-auth-request-email`), its
 * client certificate, and its path before it was rewritten.
 */
const SAID_BY_PROXIES = new RegExp(
  [
    '^x-forwarded(?:-|$)',
    '^x-user(?:-|$)',
    '^x-(?:auth-(?:request|user)|authenticated|webauth|remote|ssl|envoy|goog-(?:authenticated|iap)|amzn-oidc)-',
    '^(?:remote|ssl|cf-access|tailscale-user)-',
    '^(?:[a-z]+-)*client-(?:ip|cert(?:-.*)?)$',
    '^(?:[a-z]+-)*connecting-ip$',
    '^x-(?:original|rewrite)-(?:url|uri|host|path|method)$',
    '^x-host$',
  ].join('|'),
);

/** Node has already answered it, and undici does not support it. */
const ANSWERED_HERE = ['expect'];

const NOT_PASSED_ON: ReadonlySet<string> = new Set([
  ...HOP_BY_HOP,
  ...OURS_TO_SAY,
  ...ANSWERED_HERE,
]);

const NOT_ANSWERED: ReadonlySet<string> = new Set([
  ...HOP_BY_HOP.filter((name) => name !== 'proxy-authenticate'),
  // The gateway's own answer already has it.
  REQUEST_ID_HEADER,
]);

/** Headers of a WebSocket handshake: the connection to the provider has its own. */
const OF_THE_HANDSHAKE = /^(?:host|content-length|sec-websocket-.*)$/;

/** A body up to this size arrives together with its headers, as far as the deadline matters. */
const SHORT_BODY_BYTES = 65_536;

export interface ForwardOptions {
  /** How long the gateway waits for the answer, in milliseconds. */
  limitMs: number;
  /** The key by which providers recognise the gateway. */
  serviceKey?: string;
}

/**
 * The headers of a request to a provider: those of the caller, without headers of the connection and without those that
 * callers may not set, plus the request's context.
 */
export function forwardHeaders(
  request: FastifyRequest,
  headers: IncomingHttpHeaders,
  { limitMs, serviceKey }: ForwardOptions,
): IncomingHttpHeaders {
  const forwarded = withContext(request, headers, serviceKey);
  // Fastify does not read such a body, so it is not sent.
  if (hasNoBody(request)) forwarded['content-length'] = undefined;
  if (hasNoBody(request) || Number(headers['content-length']) <= SHORT_BODY_BYTES) {
    forwarded[DEADLINE_HEADER] = String(limitMs);
  }
  return forwarded;
}

/** Of the caller's request, but not of a request to one of several providers. */
const OF_THE_WHOLE: ReadonlySet<string> = new Set([
  'accept',
  'accept-encoding',
  'content-encoding',
  'content-length',
  'content-type',
  'host',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'range',
]);

/** Of one caller's request, but not of a request whose answer is for several callers. */
const OF_THE_CALLERS_COPY: ReadonlySet<string> = new Set([
  'content-length',
  'host',
  'if-modified-since',
  'if-none-match',
]);

/** The headers of a request whose answer may be kept for other callers. */
export function headersForCache(request: FastifyRequest): IncomingHttpHeaders {
  return withoutHeaders(request, OF_THE_CALLERS_COPY);
}

function withoutHeaders(request: FastifyRequest, names: ReadonlySet<string>): IncomingHttpHeaders {
  const named = namedByConnection(request.headers.connection);
  const headers: IncomingHttpHeaders = {};
  for (const name in request.headers) {
    if (!names.has(name) && !named.includes(name)) headers[name] = request.headers[name];
  }
  return headers;
}

/** The same for a request to one of several providers: it asks for JSON, complete and not compressed. */
export function partHeaders(request: FastifyRequest, options: ForwardOptions): IncomingHttpHeaders {
  const headers = forwardHeaders(request, withoutHeaders(request, OF_THE_WHOLE), options);
  headers.accept = 'application/json';
  headers['accept-encoding'] = 'identity';
  return headers;
}

/** The same for a WebSocket. The gateway makes the handshake with the provider, and there is no deadline. */
export function upgradeHeaders(
  request: FastifyRequest,
  serviceKey: string | undefined,
): IncomingHttpHeaders {
  const named = namedByConnection(request.headers.connection);
  const headers = Object.fromEntries(
    Object.entries(request.headers).filter(
      ([name]) => !OF_THE_HANDSHAKE.test(name) && !named.includes(name),
    ),
  );
  return withContext(request, headers, serviceKey);
}

/** Copies, because deleting properties makes an object slow in V8. */
function withContext(
  request: FastifyRequest,
  headers: IncomingHttpHeaders,
  serviceKey: string | undefined,
): IncomingHttpHeaders {
  const context = contextHeaders();
  const forwarded: IncomingHttpHeaders = {};
  for (const name in headers) {
    if (!isPassedOn(name)) continue;
    // It belongs to a trace, and has no meaning without one. Tracing adds its own.
    if (name === 'tracestate' && context.traceparent === undefined) continue;
    forwarded[name] = headers[name];
  }
  forwarded[REQUEST_ID_HEADER] = context[REQUEST_ID_HEADER];
  if (context.traceparent !== undefined) forwarded.traceparent = context.traceparent;
  forwarded['x-forwarded-for'] = clientAddresses(request);
  forwarded['x-forwarded-proto'] = request.protocol;
  forwarded['x-forwarded-host'] = request.host;
  if (serviceKey !== undefined) forwarded[SERVICE_KEY_HEADER] = serviceKey;
  return forwarded;
}

/** Servers that turn headers into variables read `x_user_id` as `x-user-id`. */
function isPassedOn(name: string): boolean {
  const read = name.includes('_') ? name.replaceAll('_', '-') : name;
  return !NOT_PASSED_ON.has(read) && !SAID_BY_PROXIES.test(read);
}

/** The caller, then the proxies before us that Fastify's `trustProxy` trusts. */
function clientAddresses(request: FastifyRequest): string {
  return request.ips ? request.ips.toReversed().join(', ') : request.ip;
}

function hasNoBody({ method }: FastifyRequest): boolean {
  return method === 'GET' || method === 'HEAD';
}

export interface AnswerOptions {
  /** The provider's base URL, which callers cannot reach: `http://orders:3001`. */
  origin: string;
  /** Whether the gateway itself sets the CORS headers. */
  ownCors: boolean;
  /** The headers that are already set on the answer. */
  vary?: string;
  /** A path of the provider as callers write it. */
  toCallersPath?: (path: string) => string;
}

/** The headers of a provider's answer that the caller gets. */
export function answerHeaders(
  headers: IncomingHttpHeaders,
  { origin, ownCors, vary, toCallersPath }: AnswerOptions,
): IncomingHttpHeaders {
  const named = namedByConnection(headers.connection);
  const answered: IncomingHttpHeaders = {};
  for (const name in headers) {
    if (NOT_ANSWERED.has(name) || named.includes(name)) continue;
    if (ownCors && name.startsWith('access-control-')) continue;
    answered[name] = headers[name];
  }
  for (const name of ['location', 'content-location'] as const) {
    const given = answered[name];
    if (given === undefined) continue;
    const path = given.startsWith(`${origin}/`) ? given.slice(origin.length) : given;
    answered[name] = toCallersPath && /^\/(?!\/)/.test(path) ? toCallersPath(path) : path;
  }
  if (ownCors && vary && headers.vary !== '*') answered.vary = join(vary, headers.vary);
  return answered;
}

const NONE: readonly string[] = [];

/** https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1 */
function namedByConnection(connection: string | undefined): readonly string[] {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close')
    return NONE;
  return connection.split(',').map((name) => name.trim().toLowerCase());
}

function join(first: string, second: string | undefined): string {
  return second === undefined ? first : `${first}, ${second}`;
}
