import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { LogController, type FastifyInstance, type FastifyRequest } from 'fastify';
import { DEADLINE_HEADER, REQUEST_ID_HEADER, RETRY_HEADER } from './headers.js';

/** The data of the current request or message. */
export interface RequestContext {
  /** In every log line, on the response and on outgoing calls. */
  readonly requestId: string;
  /** The caller's `traceparent`, unchanged: https://www.w3.org/TR/trace-context/#traceparent-header */
  readonly traceparent?: string;
  /** The caller's deadline, in milliseconds of `performance.now()`. */
  readonly deadline?: number;
  /** Whether the caller, or one before it, will retry a call that fails. */
  readonly isRetry?: boolean;
  /** The `Authorization` of the caller: a secret, for calls on the caller's behalf. */
  readonly authorization?: string;
}

const storage = new AsyncLocalStorage<RequestContext>();

/** The context of the current request; undefined if this code does not run for one. */
export function currentContext(): RequestContext | undefined {
  return storage.getStore();
}

/**
 * Runs `work`, including everything that it awaits, in a context. For work that is not an HTTP request, such as a
 * message.
 */
export function runInContext<T>(context: RequestContext, work: () => T): T {
  return storage.run(context, work);
}

/** Milliseconds until the caller's deadline, 0 if it has passed; undefined if there is none. */
export function remainingMs(context = currentContext()): number | undefined {
  if (context?.deadline === undefined) return undefined;
  return Math.max(0, context.deadline - performance.now());
}

let traceparentIsOurs = true;

/** Tracing adds its own `traceparent` to outgoing calls. A second one would make both invalid. */
export function leaveTraceparentToTracing(isOn: boolean): void {
  traceparentIsOurs = !isOn;
}

/** The headers that pass on a context to another service or in a message. Never includes `authorization`. */
export function contextHeaders(context = currentContext()): Record<string, string> {
  if (!context) return {};
  const headers: Record<string, string> = { [REQUEST_ID_HEADER]: context.requestId };
  if (traceparentIsOurs && context.traceparent !== undefined) {
    headers.traceparent = context.traceparent;
  }
  const remaining = remainingMs(context);
  if (remaining !== undefined) headers[DEADLINE_HEADER] = String(Math.floor(remaining));
  if (context.isRetry) headers[RETRY_HEADER] = '1';
  return headers;
}

/** Reads a context from the headers of a request or a message. Missing or malformed values are left out. */
export function parseContext(
  headers: IncomingHttpHeaders,
  requestId = parseRequestId(headers),
): RequestContext {
  return {
    requestId,
    traceparent: parseTraceparent(headers.traceparent),
    deadline: parseDeadline(headers[DEADLINE_HEADER]),
    ...(headers[RETRY_HEADER] !== undefined && { isRetry: true }),
    authorization: headers.authorization,
  };
}

// Only characters that are safe in a log line and a header.
const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;

/** `x-request-id` if it is valid, else the trace id of `traceparent`, else a new UUID. */
export function parseRequestId(headers: IncomingHttpHeaders): string {
  const given = headers[REQUEST_ID_HEADER];
  if (typeof given === 'string' && REQUEST_ID.test(given)) return given;
  return parseTraceparent(headers.traceparent)?.slice(3, 35) ?? randomUUID();
}

/** The 55 characters of the standard, plus room for fields of later versions. */
const MAX_TRACEPARENT = 256;
// Version, trace id, parent id, flags. Version ff and ids of zeros are invalid. Only later versions may add fields.
const TRACEPARENT =
  /^(?!ff)(?!00.{53}.)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:(?<!^00.{53})-.*)?$/;

function parseTraceparent(given: string | string[] | undefined): string | undefined {
  if (typeof given !== 'string' || given.length > MAX_TRACEPARENT) return undefined;
  return TRACEPARENT.test(given) ? given : undefined;
}

function parseDeadline(given: string | string[] | undefined): number | undefined {
  if (typeof given !== 'string' || !/^\d{1,9}$/.test(given)) return undefined;
  return performance.now() + Number(given);
}

/** Fastify options that give each request an id, in the log and as `request.id`. */
export function requestIdOptions() {
  return {
    // Every id goes through genReqId, so that an invalid one is replaced.
    requestIdHeader: false,
    genReqId: (request: { headers: IncomingHttpHeaders }) => parseRequestId(request.headers),
    logController: new LogController({ requestIdLogLabel: 'requestId' }),
  } as const;
}

/** Methods whose bodies Fastify does not read. */
const BODYLESS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'TRACE']);

const CONTEXT = Symbol('request context');

type RequestWithContext = FastifyRequest & { [CONTEXT]: RequestContext | null };

const EDGE = Symbol('callers are outside');

/** Marks callers of `app` as external. Headers that only the platform may set are then removed. */
export function markAsEdge(app: FastifyInstance): void {
  app.decorate(EDGE, true);
}

/**
 * Headers that external callers may not set, including those of other tracers. The request id stays, because it has no
 * effect.
 */
const CLAIMS: readonly string[] = [
  'traceparent',
  'tracestate',
  'baggage',
  'b3',
  ...['traceid', 'spanid', 'parentspanid', 'sampled', 'flags'].map((part) => `x-b3-${part}`),
  'uber-trace-id',
  'x-amzn-trace-id',
  'x-cloud-trace-context',
  'x-datadog-trace-id',
  'x-datadog-parent-id',
  'sentry-trace',
  DEADLINE_HEADER,
  RETRY_HEADER,
];

function removeClaims(headers: IncomingHttpHeaders): void {
  for (const name of CLAIMS) delete headers[name];
}

/** Runs each request of `app` in its context, and adds its id to the answer. Needs `requestIdOptions()`. */
export function requestContext(app: FastifyInstance): void {
  app.decorateRequest(CONTEXT, null);

  app.addHook('onRequest', (request, reply, done) => {
    if ((request.server as { [EDGE]?: boolean })[EDGE]) removeClaims(request.headers);
    reply.header(REQUEST_ID_HEADER, request.id);
    const context = parseContext(request.headers, request.id);
    if (!BODYLESS.has(request.method)) (request as RequestWithContext)[CONTEXT] = context;
    storage.run(context, done);
  });

  // Code after a parsed body runs from events of the socket, outside of all contexts: nodejs/node#33723.
  app.addHook('preValidation', (request, _reply, done) => {
    const context = (request as RequestWithContext)[CONTEXT];
    if (context) storage.run(context, done);
    else done();
  });
}
