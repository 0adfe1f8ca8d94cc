import { setTimeout as sleep } from 'node:timers/promises';
import type { DescMethod, DescService } from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel as Idempotency } from '@bufbuild/protobuf/wkt';
import {
  createClient,
  type Client,
  type StreamResponse,
  type Transport,
  type UnaryResponse,
} from '@connectrpc/connect';
import { ExponentialBackoff } from 'cockatiel';
import { isPassing, unreachable, type FailedOutcome, type Outcome } from '../calls/call-outcome.js';
import { callTracer } from '../calls/call-tracing.js';
import type { CallerOptions } from '../calls/caller-options.js';
import { createBreaker } from '../calls/circuit-breaker.js';
import { locator } from '../calls/base-url.js';
import { fromEnvironment, type Discover } from '../calls/discovery.js';
import { ServiceCallError } from '../calls/service-call-error.js';
import { abortable, shortenToDeadline } from '../context/deadline.js';
import { DEADLINE_HEADER, RETRY_HEADER, SERVICE_KEY_HEADER } from '../context/headers.js';
import { contextHeaders, currentContext, remainingMs } from '../context/request-context.js';
import { defaultLog } from '../telemetry/default-log.js';
import { judgeConnectError } from './call-failure.js';
import { Connections, type Connection } from './connections.js';

export interface GrpcClientOptions extends CallerOptions {
  /** The provider's address: `config.MICROSERVICE_INVENTORY_GRPC_URL`. */
  url?: string;
  /**
   * If `url` is not set: finds the address before each attempt. Several are tried in order. Default:
   * `fromEnvironment()` of `MICROSERVICE_<NAME>_GRPC_URL`.
   */
  discover?: Discover | readonly Discover[];
  /**
   * Time limit of one attempt, sent as `grpc-timeout`. Default 5000. A caller's deadline shortens it and ends retries. A
   * stream has only the limits that its call and the caller's deadline give.
   */
  timeoutMs?: number;
}

/** The jitter spreads retries of replicas whose calls failed at the same time. */
const backoff = new ExponentialBackoff({ initialDelay: 100, maxDelay: 2000 });

const ANSWERED: Outcome = { reply: { ok: true, status: 200, headers: new Headers(), text: '' } };

/**
 * A client for the gRPC service of one declared link. Make one per provider and reuse it, because it contains the
 * connections and the circuit breaker. If a call fails, it throws {@link ServiceCallError}, whose `cause` is the
 * ConnectError with code and details. A call that never reached the provider is retried; one that may have reached it
 * only if the method is marked `idempotency_level = NO_SIDE_EFFECTS` or `IDEMPOTENT`.
 *
 * @throws {TypeError} if `url` is not an http(s) URL, or has more than a base URL may have.
 */
export function createGrpcClient<S extends DescService>(
  provider: string,
  service: S,
  options: GrpcClientOptions = {},
): Client<S> {
  return createClient(service, grpcTransport(provider, options));
}

function grpcTransport(provider: string, options: GrpcClientOptions): Transport {
  const { timeoutMs: granted = 5000, retries = 2 } = options;
  const { url, discover = fromEnvironment(undefined, 'GRPC_URL') } = options;
  const locate = locator(provider, { url, discover });
  const breaker = createBreaker(provider, options.log ?? defaultLog(), options.breaker);
  const connections = new Connections();

  /** The connection for one attempt, or why there is none. */
  async function connection(signal?: AbortSignal): Promise<Connection | FailedOutcome> {
    const found = Promise.resolve(locate())
      .then((base) => connections.next(base))
      .catch((error: unknown) => unreachable(error, true));
    return signal ? abortable(found, signal) : found;
  }

  function note(failed: FailedOutcome, used: Connection): FailedOutcome {
    const { failure, cutShort } = failed;
    const isDead = failure.kind === 'unreachable' || (failure.kind === 'timeout' && !cutShort);
    if (isDead) used.failed();
    return failed;
  }

  const transport: Transport = {
    async unary(method, signal, timeoutMs, header, input, contextValues) {
      const perAttempt = timeoutMs ?? granted;
      const effort = startEffort(provider, method);
      let delay = backoff.next();
      let last: FailedOutcome | undefined;
      for (;;) {
        signal?.throwIfAborted();
        const limit = shortenToDeadline(perAttempt);
        if (limit < 1) throw effort.fail(last ?? { failure: { kind: 'timeout', timeoutMs: 0 } });
        let answer: UnaryResponse<typeof method.input, typeof method.output> | undefined;
        const outcome = await breaker.run(async () => {
          const isRepeated = effort.attempts > 0 && !last?.notSent;
          effort.attempts++;
          const used = await connection(signal);
          if (!('transport' in used)) return used;
          try {
            const headers = requestHeaders(header, options, limit, isRepeated);
            answer = await traced(method, headers, () =>
              used.transport.unary(method, signal, limit, headers, input, contextValues),
            );
            return ANSWERED;
          } catch (error) {
            signal?.throwIfAborted();
            return note(judgeConnectError(error, limit, perAttempt), used);
          }
        });
        if (answer) return answer;
        const failed = outcome as FailedOutcome;
        // The failure before says more than that the breaker has opened because of it.
        if (failed.failure.kind === 'open') throw effort.fail(last ?? failed);
        last = failed;
        const mayRepeat =
          failed.notSent || (isRepeatable(method) && !failed.isFinal && !currentContext()?.isRetry);
        const again =
          mayRepeat &&
          effort.attempts <= retries &&
          isPassing(failed.failure) &&
          delay.duration < (remainingMs() ?? Infinity);
        if (!again) throw effort.fail(failed);
        await sleep(delay.duration, undefined, { signal }).catch(() => undefined);
        delay = delay.next(undefined);
      }
    },

    async stream(method, signal, timeoutMs, header, input, contextValues) {
      const effort = startEffort(provider, method);
      const limit = timeoutMs ?? remainingMs();
      const whole = limit === undefined ? undefined : shortenToDeadline(limit);
      if (whole === 0) throw effort.fail({ failure: { kind: 'timeout', timeoutMs: 0 } });
      let answer: StreamResponse<typeof method.input, typeof method.output> | undefined;
      const judge = (error: unknown): FailedOutcome => {
        signal?.throwIfAborted();
        return judgeConnectError(error, whole ?? Infinity, limit ?? Infinity);
      };
      const outcome = await breaker.run(async () => {
        effort.attempts++;
        const used = await connection(signal);
        if (!('transport' in used)) return used;
        try {
          const headers = requestHeaders(header, options, whole, false);
          answer = await traced(method, headers, () =>
            used.transport.stream(method, signal, whole, headers, input, contextValues),
          );
          return ANSWERED;
        } catch (error) {
          return note(judge(error), used);
        }
      });
      if (!answer) throw effort.fail(outcome as FailedOutcome);
      const fail = (error: unknown) => effort.fail(judge(error));
      return { ...answer, message: withFailures(answer.message, fail) };
    },
  };
  return transport;
}

async function* withFailures<T>(
  messages: AsyncIterable<T>,
  fail: (error: unknown) => ServiceCallError,
): AsyncGenerator<T> {
  try {
    yield* messages;
  } catch (error) {
    throw fail(error);
  }
}

/** What was tried so far, for the error at its end. */
function startEffort(provider: string, { parent, name }: DescMethod) {
  const started = performance.now();
  return {
    attempts: 0,
    fail({ failure, cause }: FailedOutcome): ServiceCallError {
      const durationMs = performance.now() - started;
      const call = `${parent.typeName}/${name}`;
      const { attempts } = this;
      return new ServiceCallError(failure, { provider, call, attempts, durationMs }, undefined, {
        cause,
      });
    },
  };
}

function isRepeatable({ idempotency }: DescMethod): boolean {
  return idempotency === Idempotency.NO_SIDE_EFFECTS || idempotency === Idempotency.IDEMPOTENT;
}

function traced<T>(
  { parent, name }: DescMethod,
  headers: Record<string, string>,
  work: () => Promise<T>,
): Promise<T> {
  return callTracer().call({ service: parent.typeName, method: name }, headers, work);
}

function requestHeaders(
  given: unknown,
  { serviceKey, forwardAuth }: GrpcClientOptions,
  limit: number | undefined,
  isRepeated: boolean,
): Record<string, string> {
  const authorization = forwardAuth ? currentContext()?.authorization : undefined;
  return {
    ...contextHeaders(),
    ...(limit === undefined ? {} : { [DEADLINE_HEADER]: String(limit) }),
    ...(isRepeated ? { [RETRY_HEADER]: '1' } : {}),
    ...(serviceKey === undefined ? {} : { [SERVICE_KEY_HEADER]: serviceKey }),
    ...(authorization === undefined ? {} : { authorization }),
    // Connect names a type of browsers here, which Node's types do not have.
    ...Object.fromEntries(new Headers(given as ConstructorParameters<typeof Headers>[0])),
  };
}
