import { AsyncResource } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { defaultLog } from '../telemetry/default-log.js';
import type { Log } from '../telemetry/log.js';
import { NO_METER } from '../telemetry/meter.js';
import {
  addSubscription,
  RETRY_DELAYS_MS,
  type Broker,
  type BrokerOptions,
  type MessagingSystem,
} from './broker.js';
import type { ConsumerOptions } from './event-handling.js';
import { PARTITIONS } from './event-order.js';
import { eventMetrics } from './event-metrics.js';
import { publishEvent } from './event-publishing.js';
import type { WireEvent } from './event-wire.js';
import type { EventContract, EventInput, PublishOptions, Subscription } from './events.js';
import { HANDLER_TIMEOUT_MS, handlerLimit } from './handler-limit.js';

/** Consumes one event, also after a lost connection. */
export interface Consumer {
  /** Why nothing is consumed, if that is the case. */
  readonly problem: string | undefined;
  /** Resolves when it consumes for the first time. */
  start(): Promise<void>;
  /** Takes no more events, and waits for running handlers. */
  stop(): Promise<void>;
}

/** What a kind of broker does in its own way. */
export interface Transport {
  /** What events are sent to, as traces name it. */
  readonly destination: string;
  /**
   * Whether events of one partition are handled one at a time and in order, by all replicas together: see `partitionOf`.
   * If not, contracts with `orderBy` are refused.
   */
  readonly keepsOrder?: boolean;
  /** Whether one consumer handles all partitions of an event, and what has no order. */
  readonly handlesAllPartitions?: boolean;
  /** @returns whether any service gets the event. */
  send(event: WireEvent): Promise<boolean>;
  consumer(subscription: Subscription, options: ConsumerOptions): Consumer;
  /** Before the first event is consumed. */
  prepare?(): Promise<unknown>;
  /** @throws {Error} if events cannot be published or consumed. */
  check(signal: AbortSignal): Promise<void>;
  /** After the consumers have stopped. */
  close(): Promise<void>;
}

/** The options that a transport needs, with their defaults. */
export interface TransportOptions {
  readonly service: string;
  readonly name: string;
  readonly publishes: readonly EventContract[];
  readonly subscribers: Readonly<Record<string, readonly string[]>>;
  readonly publishTimeoutMs: number;
  readonly maxReconnectDelayMs: number;
  readonly retryDelaysMs: readonly number[];
  /** What the service handles so far. */
  readonly subscriptions: readonly Subscription[];
  readonly log: () => Log;
  /** Warns once for each event name. */
  readonly warnOfUnroutable: (event: string) => void;
}

/** What all brokers do in the same way: publish, and start and stop the consumers of what a service handles. */
export function openBroker<S extends MessagingSystem, P extends readonly EventContract[]>(
  system: S,
  options: BrokerOptions<P>,
  open: (options: TransportOptions) => Transport,
): Broker<P[number]> & { readonly system: S } {
  const { service, subscribers = {}, name = 'broker', prefetch = 10 } = options;
  const { retryDelaysMs = RETRY_DELAYS_MS } = options;
  const { publishTimeoutMs = 5000, maxReconnectDelayMs = 2000 } = options;
  let handlerTimeoutMs = options.handlerTimeoutMs ?? HANDLER_TIMEOUT_MS;
  const publishes: readonly P[number][] = options.publishes ?? [];

  let hostLog: Log | undefined;
  const log = (): Log => options.log ?? hostLog ?? defaultLog();
  let metrics = eventMetrics(NO_METER);

  const subscriptions: Subscription[] = [];
  const consumers: Consumer[] = [];
  let state: 'composed' | 'started' | 'stopped' = 'composed';

  // A function, because the value may change during an await.
  const isStopped = (): boolean => state === 'stopped';

  const unroutable = new Set<string>();
  function warnOfUnroutable(event: string): void {
    if (unroutable.has(event)) return;
    unroutable.add(event);
    log().warn({ event }, `${event} was published, but no service has a queue for it`);
  }

  const transport = open({
    ...{ service, name, publishes, subscribers, publishTimeoutMs, maxReconnectDelayMs },
    ...{ retryDelaysMs, subscriptions, log, warnOfUnroutable },
  });

  for (const contract of publishes) refuseOrder(contract);

  /** @throws {TypeError} if events could overtake each other although their contract says otherwise. */
  function refuseOrder({ name: event, orderBy }: EventContract): void {
    if (orderBy === undefined || transport.keepsOrder) return;
    throw new TypeError(
      `${system} cannot keep the order of ${event}: remove "orderBy" from its contract, or use another broker`,
    );
  }

  // What is consumed belongs to no request, even if a request was the first to need it.
  const outside = new AsyncResource(`chassis.${system}`);

  /** Of an event with an order, also what has none: it was published by a version without, or by another program. */
  async function consume(subscription: Subscription): Promise<void> {
    const isOrdered =
      subscription.contract.orderBy !== undefined && !transport.handlesAllPartitions;
    const partitions = [undefined, ...(isOrdered ? PARTITIONS : [])];
    await Promise.all(partitions.map((partition) => consumePart(subscription, partition)));
  }

  function consumePart(subscription: Subscription, partition: number | undefined): Promise<void> {
    const consumer = transport.consumer(subscription, {
      service,
      partition,
      prefetch: partition === undefined ? prefetch : 1,
      retryDelaysMs,
      handlerTimeoutMs,
      log,
      metrics: () => metrics,
    });
    consumers.push(consumer);
    return outside.runInAsyncScope(() => consumer.start());
  }

  async function send(event: WireEvent): Promise<void> {
    try {
      const isRouted = await transport.send(event);
      metrics.published(event.name, isRouted ? 'confirmed' : 'unroutable');
    } catch (error) {
      metrics.published(event.name, 'failed');
      throw error;
    }
  }

  async function stop(): Promise<void> {
    state = 'stopped';
    await Promise.all(consumers.map((consumer) => consumer.stop()));
  }

  async function close(): Promise<void> {
    await broker.stop();
    await transport.close();
  }

  let stopped: Promise<void> | undefined;
  let closed: Promise<void> | undefined;
  const broker: Broker<P[number]> & { readonly system: S } = {
    name,
    kind: 'broker',
    system,
    service,
    publishes,
    publish: async <C extends P[number]>(
      contract: C,
      data: EventInput<C>,
      options: PublishOptions = {},
    ): Promise<string> =>
      publishEvent(broker, transport.destination, contract, data, options, send),
    send,
    subscribe: (added) => {
      for (const subscription of added) {
        refuseOrder(subscription.contract);
        addSubscription(service, subscriptions, subscription);
        if (state === 'started') void consume(subscription);
      }
    },
    check: async (signal) => {
      await transport.check(signal);
      const problem = consumers.map((consumer) => consumer.problem).find(Boolean);
      if (problem !== undefined) throw new Error(problem);
    },
    start: async (host) => {
      if (state !== 'composed') return;
      state = 'started';
      hostLog = host?.log;
      if (host) metrics = eventMetrics(host.meter);
      handlerTimeoutMs = handlerLimit(options.handlerTimeoutMs, host?.stopTimeoutMs);
      if (subscriptions.length === 0) return;
      await transport.prepare?.().catch(() => undefined);
      if (isStopped()) return;
      const consuming = Promise.all(subscriptions.map(consume));
      await Promise.race([consuming, sleep(publishTimeoutMs, undefined, { ref: false })]);
    },
    stop: () => (stopped ??= stop()),
    close: () => (closed ??= close()),
  };
  return broker;
}
