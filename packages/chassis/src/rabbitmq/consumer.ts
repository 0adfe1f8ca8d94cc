import {
  ConsumerStatus,
  type AsyncMessage,
  type Consumer,
  type SyncMessage,
} from 'rabbitmq-client';
import { formatReason } from '../errors/errors.js';
import type { ConsumerOptions } from '../events/event-handling.js';
import type { ReceivedEvent } from '../events/event-wire.js';
import type { Subscription } from '../events/events.js';
import type { BrokerConnection } from './connection.js';
import { Delivery } from './delivery.js';
import type { ConfirmingPublisher } from './publisher.js';
import { missingRight } from './rights.js';
import { consumerQueue, consumerTopology, eventExchange } from './topology.js';

export interface ConsumingOptions extends ConsumerOptions {
  exchange: string;
}

/** Consumes one event: from its own queue, with a limit of parallel handlers, and with retries of failed ones. */
export class EventConsumer {
  #consumer: Consumer | undefined;
  #problem: string | undefined;
  readonly #inFlight = new Set<Promise<unknown>>();
  readonly #queue: string;
  readonly #delivery: Delivery;

  constructor(
    private readonly subscription: Subscription,
    private readonly connection: BrokerConnection,
    publisher: ConfirmingPublisher,
    private readonly options: ConsumingOptions,
  ) {
    this.#queue = consumerQueue(options.service, subscription.contract.name);
    this.#delivery = new Delivery(subscription, this.#queue, publisher, options);
  }

  /** Why nothing is consumed, if that is the case. */
  get problem(): string | undefined {
    return this.#problem && `${this.#queue} is not consumed: ${this.#problem}`;
  }

  /** Resolves when it consumes for the first time. After a lost connection, it continues by itself. */
  start(): Promise<void> {
    const { service, exchange, prefetch } = this.options;
    const { name } = this.subscription.contract;
    const { queues, bindings } = consumerTopology(exchange, service, this.subscription.contract);
    const consumer = this.connection.outside(() =>
      this.connection.open().createConsumer(
        {
          queue: this.#queue,
          queueOptions: queues.find(({ queue }) => queue === this.#queue),
          exchanges: [...eventExchange(exchange).exchanges],
          queueBindings: bindings.filter(({ queue }) => queue === this.#queue),
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
    const outcome = await this.#delivery.handle(readMessage(message));
    return outcome === 'returned' ? ConsumerStatus.REQUEUE : ConsumerStatus.ACK;
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
