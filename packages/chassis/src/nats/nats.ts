import { checkConnectionUrl } from '../connections/connection-url.js';
import { abortable } from '../context/deadline.js';
import type { Broker, BrokerOptions } from '../events/broker.js';
import { partitionOf } from '../events/event-order.js';
import type { EventContract } from '../events/events.js';
import { openBroker, type Transport, type TransportOptions } from '../events/open-broker.js';
import { NatsConnection } from './connection.js';
import { EventConsumer } from './consumer.js';
import { ConfirmingPublisher } from './publisher.js';
import { consumerDeclarations, deadStream, eventStream, eventSubject } from './topology.js';

export interface NatsOptions<P extends readonly EventContract[]> extends BrokerOptions<P> {
  /** The stream of all events of the platform. That of dead letters is called the same, with `-dead`. Default `events`. */
  stream?: string;
  /** On how many servers of a cluster each event is. Only for streams that do not exist yet. Default 1. */
  replicas?: number;
}

export interface Nats<E extends EventContract = EventContract> extends Broker<E> {
  readonly system: 'nats';
}

/** How often the server is asked again whether anybody consumes an event. */
const ASK_AGAIN_MS = 10_000;

/**
 * NATS with JetStream (`nats://`, or `tls://`), server 2.10 or newer. It connects when it is first used, and again after
 * each break, and then consumes again.
 *
 * @throws {TypeError} if `url` is invalid.
 */
export function nats<const P extends readonly EventContract[] = readonly []>(
  url: string,
  options: NatsOptions<P>,
): Nats<P[number]> {
  const { name = 'broker', stream = 'events', replicas = 1 } = options;
  checkConnectionUrl(name, 'nats', url);
  return openBroker('nats', options, (common) => openTransport(url, stream, replicas, common));
}

function openTransport(
  url: string,
  stream: string,
  replicas: number,
  { service, name, publishes, subscribers, log, ...limits }: TransportOptions,
): Transport {
  const connection = new NatsConnection(url, {
    name,
    connectionName: service,
    timeoutMs: limits.publishTimeoutMs,
    maxReconnectDelayMs: limits.maxReconnectDelayMs,
    log,
  });
  const waiting = publishes.flatMap((contract) =>
    (subscribers[contract.name] ?? []).flatMap((subscriber) =>
      consumerDeclarations(stream, subscriber, contract),
    ),
  );
  const publisher = new ConfirmingPublisher(connection, name, limits.publishTimeoutMs, () => ({
    streams: [eventStream(stream, replicas), deadStream(stream, replicas)],
    consumers: waiting,
  }));

  const consumed = new Set<string>();
  const warned = new Set<string>();
  const asked = new Map<string, { readonly at: number; readonly answer: Promise<boolean> }>();

  /** The server keeps no event that nobody consumes, and does not say so. */
  async function hasConsumer(event: string, subject: string): Promise<boolean> {
    if (consumed.has(subject)) return true;
    const last = asked.get(subject);
    const now = performance.now();
    if (last && now - last.at < ASK_AGAIN_MS) return last.answer;
    const answer = connection.outside(() => askForConsumer(event, subject));
    // The event is confirmed, so it is no failure if the server cannot say more.
    asked.set(subject, { at: now, answer: answer.catch(() => true) });
    return asked.get(subject)!.answer;
  }

  async function askForConsumer(event: string, subject: string): Promise<boolean> {
    const { manager } = await publisher.session();
    for await (const { config } of manager.consumers.list(stream)) {
      const { filter_subjects: filters = [config.filter_subject ?? `${stream}.>`] } = config;
      if (filters.some((filter) => filter === subject || filter === `${stream}.>`)) {
        consumed.add(subject);
        return true;
      }
    }
    if (!warned.has(event)) {
      warned.add(event);
      log().warn({ event }, `${event} was published, but no service has a consumer for it`);
    }
    return false;
  }

  return {
    destination: stream,
    keepsOrder: true,
    send: async (event) => {
      const subject = eventSubject(stream, event.name, partitionOf(event.headers));
      // Two events with different names may have the same id.
      const messageId = `${event.name}:${event.id}`;
      await publisher.send({ ...event, subject, messageId, source: service });
      return hasConsumer(event.name, subject);
    },
    consumer: (subscription, options) =>
      new EventConsumer(subscription, publisher, { ...options, stream }),
    check: async (signal) => {
      if (connection.outage !== undefined) throw new Error(connection.outage);
      const { manager } = await abortable(publisher.session(), signal);
      // JetStream may be unavailable on a server that answers.
      await abortable(manager.streams.info(stream), signal);
    },
    close: async () => {
      await publisher.close();
      await connection.close();
    },
  };
}
