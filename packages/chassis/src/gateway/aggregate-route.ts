import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Dispatcher } from 'undici';
import { shortenToDeadline } from '../context/deadline.js';
import { formatReason, HttpError } from '../errors/errors.js';
import { STATUS_CODES } from '../errors/status-codes.js';
import {
  composeAnswer,
  partTarget,
  type Aggregate,
  type AggregatePart,
  type PartError,
  type PartResult,
} from './aggregate.js';
import { askProvider, queryOf } from './ask-provider.js';
import {
  checkNotEncoded,
  MAX_BUFFERED_BYTES,
  readBody,
  UnusableAnswerError,
} from './buffered-answer.js';
import { failureOf } from './call-failure.js';
import { partHeaders } from './forwarded-headers.js';
import { parseBaseUrl, type BaseUrl } from './provider-route.js';
import { limitConfig, type LimitRoute } from './route-limit.js';
import { isJson } from './route-headers.js';
import { CallerGoneError, ProviderCall, type Transport } from './transport.js';
import { refuseWebSocket } from './websocket.js';

export interface AggregateOptions {
  transport: Transport;
  /** If the aggregate has no time limit of its own. */
  timeoutMs: number;
  serviceKey?: string;
  /** The limiter of the path, if it has its own limit. */
  limit?: LimitRoute;
}

/** Serves an aggregate: calls all its parts at the same time. */
export function serveAggregate(
  app: FastifyInstance,
  aggregate: Aggregate,
  options: AggregateOptions,
): void {
  const { path, auth, rateLimit, parts } = aggregate;
  const entries = Object.entries(parts).map(([name, part]) => ({
    name,
    part,
    base: parseBaseUrl(part.url),
  }));
  app.get<{ Params: Record<string, string> }>(
    path,
    {
      config: {
        providerRoute: { path, auth, rateLimit },
        ...(auth === 'none' && { auth: false }),
        ...limitConfig(rateLimit),
      },
      preHandler: [...(options.limit ? [options.limit] : []), refuseWebSocket(path)],
    },
    async (request, reply) => {
      const query = queryOf(request);
      const targets = entries.map(({ part }) => partTarget(part, request.params, query));
      if (targets.includes(undefined))
        throw new HttpError(400, 'the path of the request is not valid');
      const calls = new PartCalls(reply);
      const results = await Promise.all(
        entries.map(({ part, base }, index) =>
          askPart(request, calls, { ...options, aggregate, part, base, target: targets[index]! }),
        ),
      );
      const answer = composeAnswer(
        parts,
        new Map(entries.map(({ name }, index) => [name, results[index]!])),
      );
      return reply
        .code(answer.statusCode)
        .headers(answer.headers)
        .type('application/json; charset=utf-8')
        .send(answer.text);
    },
  );
}

/** The calls of one request. They end if its caller hangs up. */
class PartCalls {
  readonly #calls: ProviderCall[] = [];
  readonly #bodies: Dispatcher.ResponseData['body'][] = [];

  constructor(reply: FastifyReply) {
    reply.raw.once('close', () => {
      for (const call of this.#calls) call.callerIsGone();
      for (const body of this.#bodies) if (!body.destroyed) body.destroy();
    });
  }

  begin(limitMs: number): ProviderCall {
    const call = new ProviderCall(limitMs);
    this.#calls.push(call);
    return call;
  }

  reads(body: Dispatcher.ResponseData['body']): void {
    this.#bodies.push(body);
  }
}

interface PartOptions extends AggregateOptions {
  aggregate: Aggregate;
  part: AggregatePart;
  base: BaseUrl;
  target: string;
}

/** Never rejects. */
async function askPart(
  request: FastifyRequest,
  calls: PartCalls,
  { aggregate, part, base, target, transport, timeoutMs, serviceKey }: PartOptions,
): Promise<PartResult> {
  const { service } = part;
  const whole = aggregate.timeoutMs ?? timeoutMs;
  const limitMs = shortenToDeadline(Math.min(part.timeoutMs ?? whole, whole));
  if (limitMs < 1) {
    return partError(service, 504, `${service} was not called: the caller's deadline has passed`);
  }
  const started = performance.now();
  const call = calls.begin(limitMs);
  try {
    const answer = await askProvider(transport, call, {
      origin: base.origin,
      path: base.path + target,
      headers: partHeaders(request, { limitMs, serviceKey }),
    });
    calls.reads(answer.body);
    const limits = {
      maxBytes: aggregate.maxBytes ?? MAX_BUFFERED_BYTES,
      limitMs: Math.max(1, limitMs - (performance.now() - started)),
    };
    return judgeAnswer(request, service, answer, await readBody(answer.body, limits));
  } catch (error) {
    const { statusCode, message } = failureOf(service, error as Error);
    if (!(call.reason instanceof CallerGoneError)) {
      request.log.error({ provider: service, reason: formatReason(error) }, message);
    }
    return {
      ...partError(service, statusCode, message),
      ...(statusCode === 503 && { headers: { 'retry-after': '1' } }),
    };
  }
}

/** @throws {UnusableAnswerError} if a successful answer is not JSON. */
function judgeAnswer(
  request: FastifyRequest,
  service: string,
  { statusCode, headers }: Dispatcher.ResponseData,
  body: Buffer,
): PartResult {
  const text = body.toString();
  if (statusCode >= 200 && statusCode < 300) {
    checkNotEncoded(headers['content-encoding']);
    if (text !== '') {
      if (!isJson(headers['content-type']?.toString())) {
        throw new UnusableAnswerError('did not answer with JSON');
      }
      if (!isValid(text)) throw new UnusableAnswerError('answered with invalid JSON');
    }
    return { kind: 'data', text };
  }
  const isOurs = statusCode >= 400 && statusCode < 600;
  const message = `${service} answered with ${statusCode}`;
  request.log[statusCode < 500 && isOurs ? 'info' : 'error']({ provider: service }, message);
  if (!isOurs) return partError(service, 502, message);
  const given = ['retry-after', 'www-authenticate'].flatMap((name) => {
    const value = headers[name];
    return typeof value === 'string' ? [[name, value] as const] : [];
  });
  return {
    ...partError(service, statusCode, (statusCode < 500 && messageIn(text)) || message),
    headers: Object.fromEntries(given),
  };
}

function partError(service: string, statusCode: number, message: string): PartError {
  return {
    kind: 'error',
    service,
    statusCode,
    error: STATUS_CODES[statusCode] ?? 'Error',
    message,
  };
}

function isValid(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** The message of an error in the usual format. */
function messageIn(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const message =
      typeof value === 'object' && value !== null && 'message' in value ? value.message : undefined;
    return typeof message === 'string' ? message : undefined;
  } catch {
    return undefined;
  }
}
