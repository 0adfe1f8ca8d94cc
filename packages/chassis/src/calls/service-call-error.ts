export type CallFailure =
  /** There was no complete answer in time. */
  | { kind: 'timeout'; timeoutMs: number }
  /** No connection, or one that broke; or discovery does not know the service. */
  | { kind: 'unreachable'; reason: string }
  /** Answered with another status than 2xx; over gRPC, with a code that says the same. */
  | { kind: 'refused'; status: number; code?: string }
  /** Not called: too many calls failed just before. */
  | { kind: 'open' }
  /** A 2xx answer whose body is no JSON, or not what the schema says. */
  | { kind: 'invalid-answer'; status: number; reason: string };

export interface FailedCall {
  provider: string;
  /** `GET /orders/7`, without the query. */
  call: string;
  /** How many attempts reached the network: 0 if the breaker was open or no time was left. */
  attempts: number;
  durationMs: number;
}

/** A failed call of another service, with the service and the reason. */
export class ServiceCallError extends Error {
  override readonly name = 'ServiceCallError';
  readonly provider: string;
  readonly kind: CallFailure['kind'];
  /**
   * The status that the provider answered with; undefined if it did not answer. Over gRPC, the status that says the same
   * as its code, and `cause` is the ConnectError.
   */
  readonly status: number | undefined;
  readonly attempts: number;
  readonly durationMs: number;
  /** The status for our own caller if the error is not caught: 502, 503 or 504. */
  readonly statusCode: number;
  readonly #body: string | undefined;

  constructor(failure: CallFailure, failed: FailedCall, body?: string, options?: ErrorOptions) {
    super(formatFailure(failure, failed), options);
    this.provider = failed.provider;
    this.kind = failure.kind;
    this.status = 'status' in failure ? failure.status : undefined;
    this.attempts = failed.attempts;
    this.durationMs = Math.round(failed.durationMs);
    this.statusCode = statusFor(failure);
    this.#body = body;
  }

  /** The body of the provider's answer. A method, so that loggers do not print it. */
  body(): string | undefined {
    return this.#body;
  }
}

/** A gateway's statuses, RFC 9110, 15.6.3 to 15.6.5. */
function statusFor(failure: CallFailure): number {
  switch (failure.kind) {
    case 'timeout':
      return 504;
    case 'unreachable':
    case 'open':
      return 503;
    case 'invalid-answer':
      return 502;
    case 'refused':
      if (failure.status === 429) return 503;
      return failure.status === 503 || failure.status === 504 ? failure.status : 502;
  }
}

function formatFailure(
  failure: CallFailure,
  { provider, call, attempts, durationMs }: FailedCall,
): string {
  const effort = `${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}, ${Math.round(durationMs)} ms`;
  switch (failure.kind) {
    case 'timeout':
      return attempts === 0
        ? `${provider} was not called for ${call}: the caller's deadline has passed`
        : `${provider} did not answer ${call} within ${failure.timeoutMs} ms (${effort})`;
    case 'unreachable':
      return `${provider} cannot be reached for ${call}: ${failure.reason} (${effort})`;
    case 'refused':
      return `${provider} answered ${call} with ${failure.code ?? failure.status} (${effort})`;
    case 'open':
      return `${provider} was not called for ${call}: too many calls failed, its circuit breaker is open`;
    case 'invalid-answer':
      return `${provider} answered ${call} with ${failure.status} and an invalid body: ${failure.reason} (${effort})`;
  }
}
