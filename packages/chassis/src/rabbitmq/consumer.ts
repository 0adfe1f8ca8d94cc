import { setTimeout as sleep } from 'node:timers/promises';
import {
  ConsumerStatus,
  type AsyncMessage,
  type Consumer,
  type SyncMessage,
} from 'rabbitmq-client';
import { abortable } from '../context/deadline.js';
import { parseContext, runInContext } from '../context/request-context.js';
import { formatReason } from '../errors/errors.js';
import type { EventMetrics, HandleOutcome } from '../events/event-metrics.js';
import { planNextStep, type DeadReason } from '../events/event-outcome.js';
import { eventTracer } from '../events/event-tracing.js';
import { ATTEMPT, attemptOf, decodeEvent, type ReceivedEvent } from '../events/event-wire.js';
import type { EventMessage, Subscription } from '../events/events.js';
import type { Log } from '../telemetry/log.js';
import type { BrokerConnection } from './connection.js';
import type { ConfirmingPublisher, OutgoingMessage } from './publisher.js';
import { missingRight } from './rights.js';
import {
  consumerQueue,
  consumerTopology,
  deadQueue,
  eventExchange,
  retryName,
} from './topology.js';

export const DEAD_REASON = 'x-dead-reason';
export const DEAD_ERROR = 'x-dead-error';
export const DEAD_AT = 'x-dead-at';

const MAX_ERROR_LENGTH = 500;
/** The pause before an event is delivered again if it cannot be moved to any queue. */
const RETURN_PAUSE_MS = 1000;

export interface ConsumingOptions {
  service: string;
  exchange: string;
  prefetch: number;
  retryDelaysMs: readonly number[];
  handlerTimeoutMs: number;
  log: () => Log;
  metrics: () => EventMetrics;
}

/** Consumes one event: from its own queue, with a limit of parallel handlers, and with retries of failed ones. */
export class EventConsumer {
  #consumer: Consumer | undefined;
  #problem: string | undefined;
  readonly #inFlight = new Set<Promise<unknown>>();
  readonly #queue: string;

  constructor(
    private readonly subscription: Subscription,
    private readonly connection: BrokerConnection,
    private readonly publisher: ConfirmingPublisher,
    private readonly options: ConsumingOptions,
  ) {
    this.#queue = consumerQueue(options.service, subscription.contract.name);
  }

  /** Why nothing is consumed, if that is the case. */
  get problem(): string | undefined {
    return this.#problem && `${this.#queue} is not consumed: ${this.#problem}`;
  }

  /** Resolves when it consumes for the first time. After a lost connection, it continues by itself. */
  start(): Promise<void> {
    const { service, exchange, prefetch } = this.options;
    const { name } = this.subscription.contract;
    const { queues, bindings } = consumerTopology(exchange, service, name);
    const consumer = this.connection.outside(() =>
      this.connection.open().createConsumer(
        {
          queue: this.#queue,
          queueOptions: queues.find(({ queue }) => queue === this.#queue),
          exchanges: [...eventExchange(exchange).exchanges],
          queueBindings: [...bindings],
          qos: { prefetchCount: prefetch },
          // This also prevents that events which arrive during closing are handled.
          concurrency: prefetch,
        },
        (message) => this.#track(this.#receive(message)),
      ),
    );
    this.#consumer = consumer;
    consumer.on('error', (error: unknown) => {
      const isNew = this.#problem === undefined;
      const deed = { doing: `consume ${name}`, list: 'subscribes' } as const;
      this.#problem = formatReason(missingRight(error, service, deed) ?? error);
      if (isNew) this.options.log().warn({ queue: this.#queue }, this.problem);
    });
    return new Promise((resolve) => {
      consumer.on('ready', () => {
        this.#problem = undefined;
        resolve();
      });
    });
  }

  /** Takes no more events, and waits for running handlers and their acknowledgements. */
  async stop(): Promise<void> {
    // Without a connection, the client would wait for an answer forever.
    if (this.connection.isReady) await this.#consumer?.close().catch(() => undefined);
    else this.connection.destroy();
    await Promise.allSettled(this.#inFlight);
  }

  #track<T>(work: Promise<T>): Promise<T> {
    this.#inFlight.add(work);
    const done = (): void => void this.#inFlight.delete(work);
    work.then(done, done);
    return work;
  }

  async #receive(message: AsyncMessage): Promise<ConsumerStatus> {
    const { contract } = this.subscription;
    const received = readMessage(message);
    const started = performance.now();
    const end = (outcome: HandleOutcome): ConsumerStatus => {
      const status = outcome === 'returned' ? ConsumerStatus.REQUEUE : ConsumerStatus.ACK;
      this.options.metrics().handled(contract.name, outcome, performance.now() - started);
      return status;
    };
    const log = this.options.log().child({ event: contract.name, eventId: received.id });
    const context = contextOf(received, this.options.handlerTimeoutMs);
    try {
      await runInContext(context, () => this.#handle(received, log));
      return end('done');
    } catch (error) {
      // The handler's time limit does not apply to what follows.
      const { deadline: _, ...timeless } = context;
      return end(await runInContext(timeless, () => this.#putAway(received, error, log)));
    }
  }

  async #handle(received: ReceivedEvent, log: Log): Promise<void> {
    const { contract, handler } = this.subscription;
    const event = decodeEvent(contract, received);
    const traced = { id: event.id, name: event.name, destination: this.#queue };
    await eventTracer().handle(traced, received.headers, () =>
      this.#limit((signal) => handler(event, { log, signal }), event),
    );
  }

  async #limit(
    work: (signal: AbortSignal) => Promise<unknown>,
    { name }: EventMessage,
  ): Promise<void> {
    const { handlerTimeoutMs } = this.options;
    const limit = new AbortController();
    const timer = setTimeout(() => {
      limit.abort(new Error(`the handler of ${name} took longer than ${handlerTimeoutMs} ms`));
    }, handlerTimeoutMs);
    try {
      await abortable(work(limit.signal), limit.signal);
    } finally {
      clearTimeout(timer);
    }
  }

  /** An event is acknowledged only after the broker has it in another queue. */
  async #putAway(received: ReceivedEvent, error: unknown, log: Log): Promise<HandleOutcome> {
    const { service, retryDelaysMs } = this.options;
    const { name } = this.subscription.contract;
    const attempt = attemptOf(received.headers);
    const step = planNextStep(error, attempt, retryDelaysMs);
    try {
      if (step.kind === 'retry') {
        const again = { [ATTEMPT]: String(step.attempt) };
        await this.#move(received, retryName(service, step.delayMs), this.#queue, again);
        const text = `${name} failed and is delivered again in ${step.delayMs} ms: ${formatReason(error)}`;
        log.warn({ err: error, attempt }, text);
        return 'retried';
      }
      const dead = deadQueue(service, name);
      await this.#move(received, '', dead, deadHeaders(step.reason, error, attempt));
      const text = `${name} is in ${dead}: ${step.reason}: ${formatReason(error)}`;
      log.error({ err: error, attempt }, text);
      return 'dead';
    } catch (failure) {
      log.warn({ err: error, attempt }, `${name} failed: ${formatReason(error)}`);
      log.error(
        { err: failure },
        `${name} could not be moved to another queue and returns to its own: ${formatReason(failure)}`,
      );
      await sleep(RETURN_PAUSE_MS);
      return 'returned';
    }
  }

  async #move(
    { id, source, headers, body }: ReceivedEvent,
    exchange: string,
    routingKey: string,
    more: Readonly<Record<string, string>>,
  ): Promise<void> {
    const { name } = this.subscription.contract;
    const message: OutgoingMessage = {
      exchange,
      routingKey,
      id: id ?? '',
      name,
      source: source ?? '',
      body,
      headers: { ...headers, ...more },
    };
    if (await this.publisher.send(message)) return;
    // A person deleted the queue.
    await this.publisher.reset();
    if (await this.publisher.send(message)) return;
    throw new Error(`there is no queue ${exchange || routingKey}`);
  }
}

function deadHeaders(
  reason: DeadReason,
  error: unknown,
  attempt: number,
): Readonly<Record<string, string>> {
  return {
    [DEAD_REASON]: reason,
    [DEAD_ERROR]: formatReason(error).slice(0, MAX_ERROR_LENGTH),
    [DEAD_AT]: new Date().toISOString(),
    [ATTEMPT]: String(attempt),
  };
}

/** The handler's time limit becomes its deadline, so that queries and calls end with it. */
function contextOf({ headers }: ReceivedEvent, handlerTimeoutMs: number) {
  const { requestId, traceparent } = parseContext({ ...headers });
  return { requestId, traceparent, deadline: performance.now() + handlerTimeoutMs };
}

export function readMessage(message: AsyncMessage | SyncMessage): ReceivedEvent {
  const { messageId, appId, headers = {} } = message;
  const body: unknown = message.body;
  return {
    id: messageId || undefined,
    source: appId || undefined,
    body: Buffer.isBuffer(body) ? body : Buffer.from(textOf(body)),
    headers: Object.fromEntries(
      Object.entries(headers).filter((entry): entry is [string, string] => isOurs(entry)),
    ),
  };
}

/** For messages of other publishers, the client may have parsed the header already. */
function textOf(body: unknown): string {
  return typeof body === 'string' ? body : (JSON.stringify(body) ?? '');
}

/** Own headers, because those of the broker only name the last queue. */
function isOurs([name, value]: [string, unknown]): boolean {
  return typeof value === 'string' && !/^x-(death|first-death|last-death|delivery)/.test(name);
}
