import { setTimeout as sleep } from 'node:timers/promises';
import { checkConnectionUrl } from '../connections/connection-url.js';
import { abortable } from '../context/deadline.js';
import { eventMetrics } from '../events/event-metrics.js';
import { messageContext, undeclared } from '../events/event-publishing.js';
import { eventTracer } from '../events/event-tracing.js';
import { encodeEvent, type WireEvent } from '../events/event-wire.js';
import type {
  EventContract,
  EventInput,
  PublishOptions,
  Publisher,
  Subscription,
} from '../events/events.js';
import type { Resource } from '../service/resource.js';
import { defaultLog } from '../telemetry/default-log.js';
import type { Log } from '../telemetry/log.js';
import { NO_METER } from '../telemetry/meter.js';
import { BrokerConnection } from './connection.js';
import { EventConsumer } from './consumer.js';
import { ConfirmingPublisher } from './publisher.js';
import { consumerTopology, eventExchange, retryTopology } from './topology.js';

export interface RabbitMqOptions<P extends readonly EventContract[]> {
  /** The service's name. It names its queues, and is the source of its events. */
  service: string;
  /** All events that it publishes. Publishing another one does not compile. */
  publishes?: P;
  /**
   * Known consumers of an event: `{ 'order.placed': ['billing'] }`. Their queues are declared before the first event is
   * published, so that no event is lost before they start for the first time.
   */
  subscribers?: Readonly<Record<string, readonly string[]>>;
  /** Default `broker`. */
  name?: string;
  /** The exchange of all events of the platform. Default `events`. */
  exchange?: string;
  /** How many events with the same name are handled at the same time. Default 10. */
  prefetch?: number;
  /** Pauses before an event is delivered again after its handler failed. Default 1 s, 10 s, 1 min, 10 min. */
  retryDelaysMs?: readonly number[];
  /** How long a handler may take; this is also its deadline. Default 30 000. */
  handlerTimeoutMs?: number;
  /** How long to wait for a connection, and then for the broker's confirm. Default 5000. */
  publishTimeoutMs?: number;
  /** The longest pause between two attempts to connect again. Default 2000. */
  maxReconnectDelayMs?: number;
  /** Default: the service's log. */
  log?: Log;
}

export interface RabbitMq<E extends EventContract = EventContract> extends Resource, Publisher<E> {
  readonly kind: 'broker';
  readonly service: string;
  readonly publishes: readonly E[];
  /** Handled after `start`, each from a queue of this service alone, which its replicas share. */
  subscribe(subscriptions: readonly Subscription[]): void;
  /** The last step of `publish`, for events that are already encoded, like those of an outbox. */
  send(event: WireEvent): Promise<void>;
  start(host?: Parameters<NonNullable<Resource['start']>>[0]): Promise<void>;
  stop(): Promise<void>;
}

const HANDLER_TIMEOUT_MS = 30_000;
/** How much of the time for a stop is needed after the handlers: for acknowledgements, and to close connections. */
const STOP_MARGIN_MS = 2000;

const RETRY_DELAYS_MS = [1000, 10_000, 60_000, 600_000];

/**
 * How long a handler may take. A handler that is running when a stop begins must end before the process does.
 *
 * @throws {Error} if the code sets more than a stop allows.
 */
export function handlerLimit(asked: number | undefined, stopTimeoutMs = Infinity): number {
  const most = Math.max(stopTimeoutMs - STOP_MARGIN_MS, Math.floor(stopTimeoutMs / 2));
  if (asked !== undefined && asked > most) {
    throw new Error(
      `handlerTimeoutMs is ${asked}, and a stop may take ${stopTimeoutMs} ms: set STOP_TIMEOUT_MS to ${asked + STOP_MARGIN_MS} or more, or a lower handlerTimeoutMs`,
    );
  }
  return asked ?? Math.min(HANDLER_TIMEOUT_MS, most);
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
    service,
    publishes,
    publish: async <C extends P[number]>(
      contract: C,
      data: EventInput<C>,
      { id }: PublishOptions = {},
    ): Promise<string> => {
      if (!publishes.includes(contract)) throw undeclared(service, contract);
      const event = encodeEvent(contract, data, { id });
      const headers: Record<string, string> = { ...event.headers, ...messageContext() };
      const traced = { id: event.id, name: event.name, destination: exchange };
      await eventTracer().publish(traced, headers, () => send({ ...event, headers }));
      return event.id;
    },
    send,
    subscribe: (added) => {
      for (const subscription of added) {
        const { name: event } = subscription.contract;
        if (subscriptions.some(({ contract }) => contract.name === event)) {
          throw new TypeError(
            `${service} subscribes to ${event} twice: call both from one handler`,
          );
        }
        subscriptions.push(subscription);
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
