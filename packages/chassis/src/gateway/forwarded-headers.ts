import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyRequest } from 'fastify';
import {
  DEADLINE_HEADER,
  REQUEST_ID_HEADER,
  RETRY_HEADER,
  SERVICE_KEY_HEADER,
} from '../context/headers.js';
import { contextHeaders } from '../context/request-context.js';

/** Of one connection only: https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1 */
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

/** What a provider believes, since only the platform says it: from outside it is anybody's claim. */
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
 * What proxies say of a request: who it is from or comes for (`x-forwarded-for`, `x-user-id`, `x-auth-request-email`), its
 * client certificate, and where it went before it was rewritten.
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

/** Node has answered it already, and the client that calls providers does not know it. */
const ANSWERED_HERE = ['expect'];

const NOT_PASSED_ON: ReadonlySet<string> = new Set([
  ...HOP_BY_HOP,
  ...OURS_TO_SAY,
  ...ANSWERED_HERE,
]);

const NOT_ANSWERED: ReadonlySet<string> = new Set([
  ...HOP_BY_HOP.filter((name) => name !== 'proxy-authenticate'),
  // The answer has it already.
  REQUEST_ID_HEADER,
]);

/** Of an upgrade: the connection to the provider has its own. */
const OF_THE_HANDSHAKE = /^(?:host|content-length|sec-websocket-.*)$/;

/** Bodies up to this come with their headers, as far as a deadline is concerned. */
const SHORT_BODY_BYTES = 65_536;

export interface ForwardOptions {
  /** How long the gateway waits for the answer, in milliseconds. */
  limitMs: number;
  /** By which providers know the gateway. */
  serviceKey?: string;
}

/**
 * The headers of a request to a provider: what the caller sent, less what belongs to its connection or is not its
 * to say, and the request's context.
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

/** The same for a WebSocket, whose handshake the provider gets from us and which has no deadline. */
export function upgradeHeaders(request: FastifyRequest, serviceKey?: string): IncomingHttpHeaders {
  const named = namedByConnection(request.headers.connection);
  const headers = Object.fromEntries(
    Object.entries(request.headers).filter(
      ([name]) => !OF_THE_HANDSHAKE.test(name) && !named.includes(name),
    ),
  );
  return withContext(request, headers, serviceKey);
}

/** A new object: deleting from one makes all that follows slow. */
function withContext(
  request: FastifyRequest,
  headers: IncomingHttpHeaders,
  serviceKey: string | undefined,
): IncomingHttpHeaders {
  const context = contextHeaders();
  const forwarded: IncomingHttpHeaders = {};
  for (const name in headers) {
    if (!isPassedOn(name)) continue;
    // It continues a trace, and means nothing without one; tracing brings its own.
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

/** Servers that make variables of headers read `x_user_id` as `x-user-id`. */
function isPassedOn(name: string): boolean {
  const read = name.includes('_') ? name.replaceAll('_', '-') : name;
  return !NOT_PASSED_ON.has(read) && !SAID_BY_PROXIES.test(read);
}

/** The caller, then the proxies before us that Fastify's `trustProxy` believes. */
function clientAddresses(request: FastifyRequest): string {
  return request.ips ? request.ips.toReversed().join(', ') : request.ip;
}

function hasNoBody({ method }: FastifyRequest): boolean {
  return method === 'GET' || method === 'HEAD';
}

export interface AnswerOptions {
  /** Of the provider, which callers cannot reach: `http://orders:3001`. */
  origin: string;
  /** Whether the gateway itself says who may read answers. */
  ownCors: boolean;
  /** What the answer has so far. */
  vary?: string;
}

/** The headers of a provider's answer for the caller. */
export function answerHeaders(
  headers: IncomingHttpHeaders,
  { origin, ownCors, vary }: AnswerOptions,
): IncomingHttpHeaders {
  const named = namedByConnection(headers.connection);
  const answered: IncomingHttpHeaders = {};
  for (const name in headers) {
    if (NOT_ANSWERED.has(name) || named.includes(name)) continue;
    if (ownCors && name.startsWith('access-control-')) continue;
    answered[name] = headers[name];
  }
  const { location } = headers;
  if (location?.startsWith(`${origin}/`)) answered.location = location.slice(origin.length);
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
