import {
  Code,
  ConnectError,
  createContextKey,
  type ContextKey,
  type Interceptor,
} from '@connectrpc/connect';
import type { IncomingHttpHeaders } from 'node:http';
import { findCaller, hashKeys, type ServiceKeyOptions } from '../auth/service-keys.js';
import { callTracer } from '../calls/call-tracing.js';
import { DEADLINE_HEADER, REQUEST_ID_HEADER, SERVICE_KEY_HEADER } from '../context/headers.js';
import { abortable } from '../context/deadline.js';
import {
  parseContext,
  remainingMs,
  runInContext,
  type RequestContext,
} from '../context/request-context.js';
import { formatReason } from '../errors/errors.js';
import type { CompanionHost } from '../service/companion-server.js';
import { answerError, isOurFault } from './answer-error.js';
import { codeName } from './codes.js';
import { parseGrpcTimeout } from './grpc-timeout.js';
import { Health } from './health_pb.js';
import { isReflection } from './reflection-routes.js';

/** The name of the calling service, found by its key: `context.values.get(callingService)`. */
export const callingService: ContextKey<string | undefined> = createContextKey<string | undefined>(
  undefined,
  { description: 'the service that calls' },
);

/** A call that is not answered yet. */
export interface OpenCall {
  /** `inventory.v1.InventoryService/GetStock` */
  readonly name: string;
  readonly isStream: boolean;
}

export interface ServedCallsOptions {
  keys?: ServiceKeyOptions['keys'];
  open: Set<OpenCall>;
  /** Ends streams, which may never end by themselves. */
  stopping: AbortSignal;
  host: () => CompanionHost | undefined;
  /** Whether the reflection service is the one of the chassis, which answers without a key. */
  reflection: boolean;
}

/** The same without a server, to test handlers with `createRouterTransport`. */
export function serverInterceptor(keys?: ServiceKeyOptions['keys']): Interceptor {
  const { signal: stopping } = new AbortController();
  return servedCalls({ keys, open: new Set(), stopping, host: () => undefined, reflection: false });
}

/**
 * What happens around each call that a service answers: its context (request id, trace, deadline), the check of the
 * caller's key, a line in the log, a metric, and errors that tell the caller no more than they should.
 */
export function servedCalls(options: ServedCallsOptions): Interceptor {
  const { keys, open, stopping, host, reflection } = options;
  const callers = keys && hashKeys(keys);
  return (next) => async (request) => {
    // Asked every second or so by whoever looks after the service, with no key.
    if (request.service.typeName === Health.typeName) return next(request);
    if (reflection && isReflection(request.service.typeName)) return next(request);
    const headers = Object.fromEntries(request.header);
    const context = contextOf(headers);
    const name = `${request.service.typeName}/${request.method.name}`;
    const call: OpenCall = { name, isStream: request.stream };
    const end = record(call, context, open, host());
    const traced = { service: request.service.typeName, method: request.method.name };

    const work = async () => {
      if (callers) {
        const caller = findCaller(callers, headers[SERVICE_KEY_HEADER] ?? '');
        if (caller === undefined) {
          throw new ConnectError('a valid service key is required', Code.Unauthenticated);
        }
        request.contextValues.set(callingService, caller);
      }
      const response = await next(request);
      response.header.set(REQUEST_ID_HEADER, context.requestId);
      return response;
    };
    try {
      const response = await runInContext(context, () => callTracer().serve(traced, headers, work));
      if (response.stream) {
        // The code of a stream runs when its messages are read, which is after this function.
        return { ...response, message: inContext(context, response.message, stopping, end) };
      }
      end.well();
      return response;
    } catch (error) {
      throw end.badly(error);
    }
  };
}

/** Our own callers say how long they wait in both headers, others in that of gRPC. */
function contextOf(headers: Record<string, string>): RequestContext {
  const timeoutMs = parseGrpcTimeout(headers['grpc-timeout']);
  const known: IncomingHttpHeaders =
    timeoutMs === undefined || headers[DEADLINE_HEADER] !== undefined
      ? headers
      : { ...headers, [DEADLINE_HEADER]: String(timeoutMs) };
  return parseContext(known);
}

/** Records the end of a call once. */
interface End {
  well(): void;
  /** Returns the error for the caller. */
  badly(error: unknown): ConnectError;
}

function record(
  call: OpenCall,
  context: RequestContext,
  open: Set<OpenCall>,
  host: CompanionHost | undefined,
): End {
  const started = performance.now();
  open.add(call);
  const end = (error: unknown, answer?: ConnectError): void => {
    if (!open.delete(call)) return;
    const ms = performance.now() - started;
    const code = answer ? codeName(answer.code) : 'ok';
    host?.meter
      .histogram('grpc_server_handling_seconds', 'Time from a call to the end of its answer.', [
        'method',
        'code',
      ])
      .observe({ method: call.name, code }, ms / 1000);
    if (!host) return;
    const log = host.log.child({ requestId: context.requestId });
    const line = { call: call.name, code, responseTime: ms };
    const isCallersDeadline = answer?.code === Code.DeadlineExceeded && remainingMs(context) === 0;
    if (!answer) log.info(line, 'call completed');
    else if (isOurFault(answer.code) && !isCallersDeadline) {
      log.error({ ...line, err: error }, 'call failed');
    } else log.info({ ...line, reason: formatReason(error) }, 'call refused');
  };
  return {
    well: () => end(undefined),
    badly: (error) => {
      const answer = answerError(error);
      end(error, answer);
      return answer;
    },
  };
}

async function* inContext<T>(
  context: RequestContext,
  messages: AsyncIterable<T>,
  stopping: AbortSignal,
  end: End,
): AsyncGenerator<T> {
  const iterator = messages[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = runInContext(context, () => iterator.next());
      const result = await abortable(next, stopping);
      if (result.done) break;
      yield result.value;
    }
  } catch (error) {
    throw end.badly(error);
  } finally {
    // Has an effect only before the end. Not awaited: it waits for the message that is being made.
    iterator.return?.().catch(() => undefined);
    end.well();
  }
}
