import type { Config } from '../config.js';

/** A call of orders that failed: which one, and why. */
export class OrdersError extends Error {
  override readonly name = 'OrdersError';

  constructor(
    message: string,
    /** What orders answered; undefined where it did not. */
    readonly status?: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export interface OrdersCall {
  method?: string;
  /** Sent as JSON. */
  body?: unknown;
  /** `request.id`, so that one id finds the log lines of both services. */
  requestId?: string;
  timeoutMs?: number;
}

/**
 * Calls orders and returns the JSON of its answer.
 * @throws {OrdersError} where it cannot be reached, is too slow or refuses.
 */
export async function callOrders<T>(
  config: Pick<Config, 'MICROSERVICE_ORDERS_URL'>,
  path: `/${string}`,
  { method = 'GET', body, requestId, timeoutMs = 5000 }: OrdersCall = {},
): Promise<T> {
  const call = `${method} ${path}`;
  try {
    const response = await fetch(config.MICROSERVICE_ORDERS_URL.replace(/\/+$/, '') + path, {
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
      throw new OrdersError(`orders answered ${call} with ${response.status}`, response.status);
    }
    return (await response.json()) as T;
  } catch (error) {
    if (error instanceof OrdersError) throw error;
    throw new OrdersError(`orders failed ${call}: ${reason(error, timeoutMs)}`, undefined, {
      cause: error,
    });
  }
}

function reason(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer within ${timeoutMs} ms`;
  return error.cause instanceof Error ? error.cause.message : error.message;
}
