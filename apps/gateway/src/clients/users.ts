import type { Config } from '../config.js';

/** A call of users that failed: which one, and why. */
export class UsersError extends Error {
  override readonly name = 'UsersError';

  constructor(
    message: string,
    /** What users answered; undefined where it did not. */
    readonly status?: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export interface UsersCall {
  method?: string;
  /** Sent as JSON. */
  body?: unknown;
  /** `request.id`, so that one id finds the log lines of both services. */
  requestId?: string;
  timeoutMs?: number;
}

/**
 * Calls users and returns the JSON of its answer.
 * @throws {UsersError} where it cannot be reached, is too slow or refuses.
 */
export async function callUsers<T>(
  config: Pick<Config, 'MICROSERVICE_USERS_URL'>,
  path: `/${string}`,
  { method = 'GET', body, requestId, timeoutMs = 5000 }: UsersCall = {},
): Promise<T> {
  const call = `${method} ${path}`;
  try {
    const response = await fetch(config.MICROSERVICE_USERS_URL.replace(/\/+$/, '') + path, {
      method,
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(requestId === undefined ? {} : { 'x-request-id': requestId }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (!response.ok) {
      await response.body?.cancel();
      throw new UsersError(`users answered ${call} with ${response.status}`, response.status);
    }
    return (await response.json()) as T;
  } catch (error) {
    if (error instanceof UsersError) throw error;
    throw new UsersError(`users failed ${call}: ${reason(error, timeoutMs)}`, undefined, {
      cause: error,
    });
  }
}

function reason(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer within ${timeoutMs} ms`;
  return error.cause instanceof Error ? error.cause.message : error.message;
}
