import { setTimeout as sleep } from 'node:timers/promises';
import type { AsyncMessage, Channel } from 'rabbitmq-client';
import { formatReason } from '../errors/errors.js';
import type { HandleOutcome } from '../events/event-metrics.js';
import { ATTEMPT } from '../events/event-wire.js';
import type { Subscription } from '../events/events.js';
import type { BrokerConnection } from './connection.js';
import { readMessage, type ConsumingOptions } from './consumer.js';
import { Delivery } from './delivery.js';
import { declare, type ConfirmingPublisher } from './publisher.js';
import { missingRight } from './rights.js';
import { consumerQueue, consumerTopology, eventExchange } from './topology.js';

/** How often a pause between two attempts looks whether the broker has given the event to another process. */
const LOOK_MS = 500;
/** The pause before the next attempt to consume if that failed. */
const PROBLEM_PAUSE_MS = 500;

/**
 * Consumes a partition of an event with an order, from a queue with a single active consumer: one event at a time.
 *
 * It never cancels its consumer, as the client's own does: the broker would give the next event to another process while
 * this one still has one. When a channel closes, the broker takes back what was not acknowledged and activates the next
 * consumer in one step.
 */
export class OrderedConsumer {
  #problem: string | undefined;
  #channel: Channel | undefined;
  readonly #inFlight = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  readonly #queue: string;
  readonly #delivery: Delivery;

  constructor(
    private readonly subscription: Subscription,
    private readonly connection: BrokerConnection,
    publisher: ConfirmingPublisher,
    private readonly options: ConsumingOptions,
  ) {
    this.#queue = consumerQueue(options.service, subscription.contract.name, options.partition);
    this.#delivery = new Delivery(subscription, this.#queue, publisher, options);
  }

  /** Why nothing is consumed, if that is the case. */
  get problem(): string | undefined {
    return this.#problem && `${this.#queue} is not consumed: ${this.#problem}`;
  }

  get #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** Resolves when it consumes for the first time. After a lost connection, it continues by itself. */
  start(): Promise<void> {
    return new Promise((resolve) => {
      void this.connection.outside(() => this.#run(resolve));
    });
  }

  /** Takes no more events, and waits for the running handler and its acknowledgement. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.allSettled(this.#inFlight);
    // Without a connection, the client would wait for an answer forever.
    if (this.connection.isReady) await this.#channel?.close();
    else this.connection.destroy();
  }

  async #run(onReady: () => void): Promise<void> {
    while (!this.#isStopping) {
      try {
        await this.#consume(onReady);
      } catch (error) {
        this.#report(error);
      }
      const { signal } = this.#stopping;
      await sleep(PROBLEM_PAUSE_MS, undefined, { signal }).catch(() => undefined);
    }
    onReady();
  }

  #report(error: unknown): void {
    if (this.#isStopping) return;
    const { service, log } = this.options;
    const deed = {
      doing: `consume ${this.subscription.contract.name}`,
      list: 'subscribes',
    } as const;
    const isNew = this.#problem === undefined;
    this.#problem = formatReason(missingRight(error, service, deed) ?? error);
    if (isNew) log().warn({ queue: this.#queue }, this.problem);
  }

  /** Resolves when the channel was closed. */
  async #consume(onReady: () => void): Promise<void> {
    const { service, exchange } = this.options;
    const { queues, bindings } = consumerTopology(exchange, service, this.subscription.contract);
    const channel = await this.connection.open().acquire({ emitErrorsFromChannel: true });
    this.#channel = channel;
    const closed = new Promise<void>((resolve) => channel.once('close', resolve));
    channel.on('error', (error: unknown) => this.#report(error));
    // A person deleted the queue.
    channel.on('basic.cancel', (_tag, error: unknown) => {
      this.#report(error);
      void channel.close();
    });
    try {
      await declare(channel, {
        exchanges: eventExchange(exchange).exchanges,
        queues: queues.filter(({ queue }) => queue === this.#queue),
        bindings: bindings.filter(({ queue }) => queue === this.#queue),
      });
      await channel.basicQos({ prefetchCount: 1 });
      await channel.basicConsume({ queue: this.#queue }, (message) => {
        // While it stops, it only keeps what it gets, until the channel closes.
        if (this.#isStopping) return;
        const work = this.#receive(channel, message);
        this.#inFlight.add(work);
        void work.finally(() => this.#inFlight.delete(work));
      });
    } catch (error) {
      await channel.close();
      throw error;
    }
    this.#problem = undefined;
    onReady();
    if (this.#isStopping) await channel.close();
    await closed;
    // It reads on when the handler has ended whose event comes again.
    await Promise.allSettled(this.#inFlight);
  }

  async #receive(channel: Channel, message: AsyncMessage): Promise<void> {
    const outcome = await this.#handle(channel, message);
    const { deliveryTag } = message;
    try {
      if (outcome === 'done' || outcome === 'dead') channel.basicAck({ deliveryTag });
      else if (!this.#isStopping) channel.basicNack({ deliveryTag, requeue: true });
    } catch {
      // The channel is closed, so the event comes again.
    }
  }

  /** Keeps the event between its attempts, so that none behind it is handled before. */
  async #handle(channel: Channel, message: AsyncMessage): Promise<HandleOutcome> {
    const received = readMessage(message);
    const { signal } = this.#stopping;
    // Those that ended with their process.
    const before = Number(message.headers?.['x-delivery-count'] ?? 0);
    for (let attempt = before + 1; ; attempt++) {
      const headers = { ...received.headers, [ATTEMPT]: String(attempt) };
      const outcome = await this.#delivery.handle({ ...received, headers });
      if (outcome !== 'retried') return outcome;
      const until = performance.now() + (this.options.retryDelaysMs[attempt - 1] ?? 0);
      for (let left: number; (left = until - performance.now()) > 0;) {
        await sleep(Math.min(left, LOOK_MS), undefined, { signal }).catch(() => undefined);
        // After a break, the broker delivers the event again.
        if (signal.aborted || !channel.active) return 'returned';
      }
    }
  }
}
