import { within } from '../context/deadline.js';
import { parseContext } from '../context/request-context.js';
import type { Log } from '../telemetry/log.js';
import type { MessagingSystem } from './broker.js';
import type { EventMetrics, HandleOutcome } from './event-metrics.js';
import { eventTracer } from './event-tracing.js';
import { decodeEvent, type ReceivedEvent } from './event-wire.js';
import type { Subscription } from './events.js';

export interface HandlingOptions {
  readonly system: MessagingSystem;
  /** The queue that it came from. */
  readonly destination: string;
  readonly handlerTimeoutMs: number;
  readonly log: Log;
}

/** What every consumer of an event is made with. */
export interface ConsumerOptions {
  service: string;
  /** The part of the events with an order that it handles; undefined for those without. */
  partition: number | undefined;
  prefetch: number;
  retryDelaysMs: readonly number[];
  handlerTimeoutMs: number;
  log: () => Log;
  metrics: () => EventMetrics;
}

/**
 * Checks a received event, and runs its handler within the time limit.
 *
 * @throws {InvalidEventError}
 */
export async function runHandler(
  { contract, handler }: Subscription,
  received: ReceivedEvent,
  { system, destination, handlerTimeoutMs, log }: HandlingOptions,
): Promise<void> {
  const event = decodeEvent(contract, received);
  const traced = { system, id: event.id, name: event.name, destination };
  await eventTracer().handle(traced, received.headers, () =>
    limit(contract.name, handlerTimeoutMs, (signal) => handler(event, { log, signal })),
  );
}

async function limit(
  name: string,
  timeoutMs: number,
  work: (signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  const controller = new AbortController();
  const late = (): Error => {
    const error = new Error(`the handler of ${name} took longer than ${timeoutMs} ms`);
    controller.abort(error);
    return error;
  };
  await within(timeoutMs, () => work(controller.signal), late);
}

/**
 * Measures how an event is handled, and tells the server now and then that it is, so that no other process gets it.
 *
 * @param keep must not throw.
 */
export async function whileWorking(
  event: string,
  { metrics }: Pick<ConsumerOptions, 'metrics'>,
  { keep, everyMs }: { keep: () => void; everyMs: number },
  handle: () => Promise<HandleOutcome>,
): Promise<void> {
  const started = performance.now();
  const working = setInterval(keep, everyMs);
  try {
    const outcome = await handle();
    metrics().handled(event, outcome, performance.now() - started);
  } finally {
    clearInterval(working);
  }
}

/** The handler's time limit becomes its deadline, so that queries and calls end with it. */
export function handlerContext({ headers }: ReceivedEvent, handlerTimeoutMs: number) {
  const { requestId, traceparent } = parseContext({ ...headers });
  return { requestId, traceparent, deadline: performance.now() + handlerTimeoutMs };
}
