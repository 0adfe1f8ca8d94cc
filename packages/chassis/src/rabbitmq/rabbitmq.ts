import { setTimeout as sleep } from 'node:timers/promises';
import { checkConnectionUrl } from '../connections/connection-url.js';
import { abortable } from '../context/deadline.js';
import {
  addSubscription,
  RETRY_DELAYS_MS,
  type Broker,
  type BrokerOptions,
} from '../events/broker.js';
import { eventMetrics } from '../events/event-metrics.js';
import { publishEvent } from '../events/event-publishing.js';
import type { WireEvent } from '../events/event-wire.js';
import type { EventContract, EventInput, PublishOptions, Subscription } from '../events/events.js';
import { HANDLER_TIMEOUT_MS, handlerLimit } from '../events/handler-limit.js';
import { defaultLog } from '../telemetry/default-log.js';
import type { Log } from '../telemetry/log.js';
import { NO_METER } from '../telemetry/meter.js';
import { BrokerConnection } from './connection.js';
import { EventConsumer } from './consumer.js';
import { ConfirmingPublisher } from './publisher.js';
import { consumerTopology, eventExchange, retryTopology } from './topology.js';

export interface RabbitMqOptions<P extends readonly EventContract[]> extends BrokerOptions<P> {
  /** The exchange of all events of the platform. Default `events`. */
  exchange?: string;
}

export interface RabbitMq<E extends EventContract = EventContract> extends Broker<E> {
  readonly system: 'rabbitmq';
}

/**
 * RabbitMQ (`amqp://`, or `amqps://` with TLS), 3.10 or newer. It connects when it is first used, and again after each
 * break, and then consumes again. Publishing and consuming have separate connections, because a broker that runs out of
 * memory blocks those that publish.
 *
 * @throws {TypeError} if `url` is invalid.
 */
export function rabbitmq<const P extends readonly EventContract[] = readonly []>(
  url: string,
  options: RabbitMqOptions<P>,
): RabbitMq<P[number]> {
  const { service, subscribers = {}, name = 'broker', exchange = 'events' } = options;
  const { prefetch = 10, retryDelaysMs = RETRY_DELAYS_MS } = options;
  let handlerTimeoutMs = options.handlerTimeoutMs ?? HANDLER_TIMEOUT_MS;
  const { publishTimeoutMs = 5000, maxReconnectDelayMs = 2000 } = options;
  const publishes: readonly P[number][] = options.publishes ?? [];
  checkConnectionUrl(name, 'rabbitmq', url);

  let hostLog: Log | undefined;
  const log = (): Log => options.log ?? hostLog ?? defaultLog();
  let metrics = eventMetrics(NO_METER);

  const connect = (use: string): BrokerConnection =>
    new BrokerConnection(url, {
      name,
      connectionName: `${service} (${use})`,
      timeoutMs: publishTimeoutMs,
      maxReconnectDelayMs,
      log,
    });
  const publishing = connect('publishes');
  const consuming = connect('consumes');

  const subscriptions: Subscription[] = [];
  const waiting = (isOwn: boolean) =>
    publishes.flatMap((contract) =>
      (subscribers[contract.name] ?? [])
        .filter((subscriber) => (subscriber === service) === isOwn)
        .map((subscriber) => consumerTopology(exchange, subscriber, contract.name)),
    );
  const own = () => [
    eventExchange(exchange),
    ...waiting(true),
    ...(subscriptions.length > 0 ? retryDelaysMs.map((ms) => retryTopology(service, ms)) : []),
    ...subscriptions.map(({ contract }) => consumerTopology(exchange, service, contract.name)),
  ];
  const ofOthers = () =>
    waiting(false).map((topology) => ({
      ...topology,
      exchanges: eventExchange(exchange).exchanges,
    }));
  const publisher = new ConfirmingPublisher(publishing, name, publishTimeoutMs, own, {
    topology: ofOthers,
    onRefused: (queue) =>
      log().warn(
        { queue },
        `${queue} is missing, and the account of ${service} may not create it: its events are lost until it exists`,
      ),
  });

  const consumers: EventConsumer[] = [];
  let state: 'composed' | 'started' | 'stopped' = 'composed';

  // A function, because the value may change during the await.
  const isStopped = (): boolean => state === 'stopped';

  function consume(subscription: Subscription): Promise<void> {
    const consumer = new EventConsumer(subscription, consuming, publisher, {
      service,
      exchange,
      prefetch,
      retryDelaysMs,
      handlerTimeoutMs,
      log,
      metrics: () => metrics,
    });
    consumers.push(consumer);
    return consumer.start();
  }

  async function send(event: WireEvent): Promise<void> {
    const message = { ...event, exchange, routingKey: event.name, source: service };
    try {
      const isRouted = await publisher.send(message);
      metrics.published(event.name, isRouted ? 'confirmed' : 'unroutable');
      if (!isRouted) warnOfUnroutable(event.name);
    } catch (error) {
      metrics.published(event.name, 'failed');
      throw error;
    }
  }

  const unroutable = new Set<string>();
  function warnOfUnroutable(event: string): void {
    if (unroutable.has(event)) return;
    unroutable.add(event);
    log().warn({ event }, `${event} was published, but no service has a queue for it`);
  }

  async function stop(): Promise<void> {
    state = 'stopped';
    await Promise.all(consumers.map((consumer) => consumer.stop()));
  }

  async function close(): Promise<void> {
    await broker.stop();
    await publisher.close();
    await Promise.all([publishing.close(), consuming.close()]);
  }

  let stopped: Promise<void> | undefined;
  let closed: Promise<void> | undefined;
  const broker: RabbitMq<P[number]> = {
    name,
    kind: 'broker',
    system: 'rabbitmq',
    service,
    publishes,
    publish: async <C extends P[number]>(
      contract: C,
      data: EventInput<C>,
      options: PublishOptions = {},
    ): Promise<string> => publishEvent(broker, exchange, contract, data, options, send),
    send,
    subscribe: (added) => {
      for (const subscription of added) {
        addSubscription(service, subscriptions, subscription);
        if (state === 'started') void consume(subscription);
      }
    },
    check: async (signal) => {
      if (publishing.outage !== undefined) throw new Error(publishing.outage);
      const channel = await abortable(publisher.channel(), signal);
      const [declaration] = eventExchange(exchange).exchanges;
      await abortable(channel.exchangeDeclare(declaration!), signal);
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
      // The queues for failed events must exist before an event can fail.
      await publisher.channel().catch(() => undefined);
      if (isStopped()) return;
      const consumed = Promise.all(subscriptions.map(consume));
      await Promise.race([consumed, sleep(publishTimeoutMs, undefined, { ref: false })]);
    },
    stop: () => (stopped ??= stop()),
    close: () => (closed ??= close()),
  };
  return broker;
}
