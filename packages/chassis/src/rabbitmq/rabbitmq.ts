import { checkConnectionUrl } from '../connections/connection-url.js';
import { abortable } from '../context/deadline.js';
import type { Broker, BrokerOptions } from '../events/broker.js';
import type { ConsumerOptions } from '../events/event-handling.js';
import { partitionOf } from '../events/event-order.js';
import type { EventContract } from '../events/events.js';
import { openBroker, type Transport, type TransportOptions } from '../events/open-broker.js';
import { BrokerConnection } from './connection.js';
import { EventConsumer } from './consumer.js';
import { OrderedConsumer } from './ordered-consumer.js';
import { ConfirmingPublisher } from './publisher.js';
import { consumerTopology, eventExchange, eventKey, retryTopology } from './topology.js';

export interface RabbitMqOptions<P extends readonly EventContract[]> extends BrokerOptions<P> {
  /** The exchange of all events of the platform. Default `events`. */
  exchange?: string;
}

export interface RabbitMq<E extends EventContract = EventContract> extends Broker<E> {
  readonly system: 'rabbitmq';
}

const LONGEST_IN_HAND_MS = 25 * 60_000;

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
  const { name = 'broker', exchange = 'events' } = options;
  checkConnectionUrl(name, 'rabbitmq', url);
  return openBroker('rabbitmq', options, (common) => openTransport(url, exchange, common));
}

/**
 * An event with an order stays in the hands of its consumer between the attempts, and the broker takes it away after 30
 * minutes: https://www.rabbitmq.com/docs/consumers#acknowledgement-timeout
 *
 * @throws {TypeError}
 */
export function refuseLongRetries(
  event: string,
  { retryDelaysMs, handlerTimeoutMs }: Pick<ConsumerOptions, 'retryDelaysMs' | 'handlerTimeoutMs'>,
): void {
  const attempts = retryDelaysMs.length + 1;
  const longestMs = retryDelaysMs.reduce((sum, ms) => sum + ms, attempts * handlerTimeoutMs);
  if (longestMs <= LONGEST_IN_HAND_MS) return;
  throw new TypeError(
    `all attempts of ${event} can take ${Math.ceil(longestMs / 60_000)} min, and RabbitMQ waits 30 min for an event with "orderBy": ` +
      'shorten "retryDelaysMs" or "handlerTimeoutMs" to 25 min together',
  );
}

function openTransport(url: string, exchange: string, common: TransportOptions): Transport {
  const { service, name, publishes, subscribers, log } = common;
  const { subscriptions, retryDelaysMs, warnOfUnroutable, ...limits } = common;
  const connect = (use: string): BrokerConnection =>
    new BrokerConnection(url, {
      name,
      connectionName: `${service} (${use})`,
      timeoutMs: limits.publishTimeoutMs,
      maxReconnectDelayMs: limits.maxReconnectDelayMs,
      log,
    });
  const publishing = connect('publishes');
  const consuming = connect('consumes');

  const waiting = (isOwn: boolean) =>
    publishes.flatMap((contract) =>
      (subscribers[contract.name] ?? [])
        .filter((subscriber) => (subscriber === service) === isOwn)
        .map((subscriber) => ({
          ...consumerTopology(exchange, subscriber, contract),
          event: contract.name,
          // Without its queues for an order, a service would miss events, or get some of them out of order.
          isNeeded: contract.orderBy !== undefined,
        })),
    );
  const own = () => [
    eventExchange(exchange),
    ...waiting(true),
    ...(subscriptions.length > 0 ? retryDelaysMs.map((ms) => retryTopology(service, ms)) : []),
    ...subscriptions.map(({ contract }) => consumerTopology(exchange, service, contract)),
  ];
  const ofOthers = () =>
    waiting(false).map((topology) => ({
      ...topology,
      exchanges: eventExchange(exchange).exchanges,
    }));
  const publisher = new ConfirmingPublisher(publishing, name, limits.publishTimeoutMs, own, {
    topology: ofOthers,
    onRefused: (queue) =>
      log().warn(
        { queue },
        `${queue} is missing, and the account of ${service} may not create it: its events are lost until it exists`,
      ),
  });

  return {
    destination: exchange,
    keepsOrder: true,
    send: async (event) => {
      const routingKey = eventKey(event.name, partitionOf(event.headers));
      const message = { ...event, exchange, routingKey, source: service };
      const isRouted = await publisher.send(message);
      if (!isRouted) warnOfUnroutable(event.name);
      return isRouted;
    },
    consumer: (subscription, options) => {
      const isOrdered = options.partition !== undefined;
      if (isOrdered) refuseLongRetries(subscription.contract.name, options);
      const Kind = isOrdered ? OrderedConsumer : EventConsumer;
      return new Kind(subscription, consuming, publisher, { ...options, exchange });
    },
    // The queues for failed events must exist before an event can fail.
    prepare: () => publisher.channel(),
    check: async (signal) => {
      if (publishing.outage !== undefined) throw new Error(publishing.outage);
      const channel = await abortable(publisher.channel(), signal);
      const [declaration] = eventExchange(exchange).exchanges;
      await abortable(channel.exchangeDeclare(declaration!), signal);
    },
    close: async () => {
      await publisher.close();
      await Promise.all([publishing.close(), consuming.close()]);
    },
  };
}
