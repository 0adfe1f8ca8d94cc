import { setTimeout as sleep } from 'node:timers/promises';
import {
  ConsumerStatus,
  type AsyncMessage,
  type Consumer,
  type SyncMessage,
} from 'rabbitmq-client';
import { runInContext } from '../context/request-context.js';
import { formatReason } from '../errors/errors.js';
import { deadHeaders } from '../events/dead-letter.js';
import { handlerContext, runHandler, type ConsumerOptions } from '../events/event-handling.js';
import type { HandleOutcome } from '../events/event-metrics.js';
import { planNextStep } from '../events/event-outcome.js';
import { ATTEMPT, attemptOf, type ReceivedEvent } from '../events/event-wire.js';
import type { Subscription } from '../events/events.js';
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

/** The pause before an event is delivered again if it cannot be moved to any queue. */
const RETURN_PAUSE_MS = 1000;

export interface ConsumingOptions extends ConsumerOptions {
  exchange: string;
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
    const { handlerTimeoutMs } = this.options;
    const context = handlerContext(received, handlerTimeoutMs);
    const options = {
      system: 'rabbitmq',
      destination: this.#queue,
      handlerTimeoutMs,
      log,
    } as const;
    try {
      await runInContext(context, () => runHandler(this.subscription, received, options));
      return end('done');
    } catch (error) {
      // The handler's time limit does not apply to what follows.
      const { deadline: _, ...timeless } = context;
      return end(await runInContext(timeless, () => this.#putAway(received, error, log)));
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
