import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { contextHeaders, DEADLINE_HEADER, REQUEST_ID_HEADER } from './request-context.js';

/** Of one connection only: https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1 */
const HOP_BY_HOP = [
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
  'x-service-key',
  'traceparent',
  DEADLINE_HEADER,
  REQUEST_ID_HEADER,
];

/** Node has answered it already, and the client that calls providers does not know it. */
const ANSWERED_HERE = ['expect'];

const NOT_PASSED_ON = [...HOP_BY_HOP, ...OURS_TO_SAY, ...ANSWERED_HERE];

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
 * to say, and the request's context. `headers` is changed.
 */
export function forwardHeaders(
  request: FastifyRequest,
  headers: IncomingHttpHeaders,
  { limitMs, serviceKey }: ForwardOptions,
): IncomingHttpHeaders {
  addContext(request, headers, serviceKey);
  if (hasNoBody(request)) {
    // Fastify does not read it, so it is not sent.
    delete headers['content-length'];
    headers[DEADLINE_HEADER] = String(limitMs);
  } else if (Number(headers['content-length']) <= SHORT_BODY_BYTES) {
    headers[DEADLINE_HEADER] = String(limitMs);
  }
  return headers;
}

/** The same for a WebSocket, whose handshake the provider gets from us and which has no deadline. */
export function upgradeHeaders(request: FastifyRequest, serviceKey?: string): IncomingHttpHeaders {
  const headers = Object.fromEntries(
    Object.entries(request.headers).filter(([name]) => !OF_THE_HANDSHAKE.test(name)),
  );
  addContext(request, headers, serviceKey);
  return headers;
}

function addContext(
  request: FastifyRequest,
  headers: IncomingHttpHeaders,
  serviceKey: string | undefined,
): void {
  for (const name in headers) {
    if (name.startsWith('x-forwarded-')) delete headers[name];
  }
  for (const name of NOT_PASSED_ON) {
    if (headers[name] !== undefined) delete headers[name];
  }
  const context = contextHeaders();
  delete context[DEADLINE_HEADER];
  // It continues a trace, and means nothing without one; tracing brings its own.
  if (context.traceparent === undefined) delete headers.tracestate;
  Object.assign(headers, context);
  headers['x-forwarded-for'] = clientAddresses(request);
  headers['x-forwarded-proto'] = request.protocol;
  headers['x-forwarded-host'] = request.host;
  if (serviceKey !== undefined) headers['x-service-key'] = serviceKey;
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

/** The headers of a provider's answer for the caller. `headers` is changed. */
export function answerHeaders(
  headers: IncomingHttpHeaders,
  { origin, ownCors, vary }: AnswerOptions,
): IncomingHttpHeaders {
  const { connection, location } = headers;
  if (connection !== undefined) {
    for (const name of connection.split(',')) delete headers[name.trim().toLowerCase()];
  }
  for (const name of HOP_BY_HOP) {
    if (name !== 'proxy-authenticate' && headers[name] !== undefined) delete headers[name];
  }
  // The answer has it already.
  delete headers[REQUEST_ID_HEADER];
  if (location?.startsWith(`${origin}/`)) headers.location = location.slice(origin.length);
  if (ownCors) {
    for (const name in headers) {
      if (name.startsWith('access-control-')) delete headers[name];
    }
    if (vary && headers.vary !== '*') headers.vary = join(vary, headers.vary);
  }
  return headers;
}

function join(first: string, second: string | undefined): string {
  return second === undefined ? first : `${first}, ${second}`;
}
