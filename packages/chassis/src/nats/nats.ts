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
import { NatsConnection } from './connection.js';
import { EventConsumer } from './consumer.js';
import { ConfirmingPublisher } from './publisher.js';
import { consumerDeclaration, deadStream, eventStream, eventSubject } from './topology.js';

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
  const { service, subscribers = {}, name = 'broker', stream = 'events', replicas = 1 } = options;
  const { prefetch = 10, retryDelaysMs = RETRY_DELAYS_MS } = options;
  const { publishTimeoutMs = 5000, maxReconnectDelayMs = 2000 } = options;
  let handlerTimeoutMs = options.handlerTimeoutMs ?? HANDLER_TIMEOUT_MS;
  const publishes: readonly P[number][] = options.publishes ?? [];
  checkConnectionUrl(name, 'nats', url);

  let hostLog: Log | undefined;
  const log = (): Log => options.log ?? hostLog ?? defaultLog();
  let metrics = eventMetrics(NO_METER);

  const connection = new NatsConnection(url, {
    name,
    connectionName: service,
    timeoutMs: publishTimeoutMs,
    maxReconnectDelayMs,
    log,
  });
  const waiting = publishes.flatMap((contract) =>
    (subscribers[contract.name] ?? []).map((subscriber) =>
      consumerDeclaration(stream, subscriber, contract.name),
    ),
  );
  const publisher = new ConfirmingPublisher(connection, name, publishTimeoutMs, () => ({
    streams: [eventStream(stream, replicas), deadStream(stream, replicas)],
    consumers: waiting,
  }));

  const subscriptions: Subscription[] = [];
  const consumers: EventConsumer[] = [];
  let state: 'composed' | 'started' | 'stopped' = 'composed';

  function consume(subscription: Subscription): Promise<void> {
    const consumer = new EventConsumer(subscription, publisher, {
      service,
      stream,
      prefetch,
      retryDelaysMs,
      handlerTimeoutMs,
      log,
      metrics: () => metrics,
    });
    consumers.push(consumer);
    return connection.outside(() => consumer.start());
  }

  async function send(event: WireEvent): Promise<void> {
    const subject = eventSubject(stream, event.name);
    // Two events with different names may have the same id.
    const messageId = `${event.name}:${event.id}`;
    try {
      await publisher.send({ ...event, subject, messageId, source: service });
    } catch (error) {
      metrics.published(event.name, 'failed');
      throw error;
    }
    const isConsumed = await hasConsumer(event.name);
    metrics.published(event.name, isConsumed ? 'confirmed' : 'unroutable');
  }

  const consumed = new Set<string>();
  const asked = new Map<string, { readonly at: number; readonly answer: Promise<boolean> }>();

  /** The server keeps no event that nobody consumes, and does not say so. */
  async function hasConsumer(event: string): Promise<boolean> {
    if (consumed.has(event)) return true;
    const last = asked.get(event);
    const now = performance.now();
    if (last && now - last.at < ASK_AGAIN_MS) return last.answer;
    const answer = connection.outside(() => askForConsumer(event, last === undefined));
    // The event is confirmed, so it is no failure if the server cannot say more.
    asked.set(event, { at: now, answer: answer.catch(() => true) });
    return asked.get(event)!.answer;
  }

  async function askForConsumer(event: string, isFirst: boolean): Promise<boolean> {
    const subject = eventSubject(stream, event);
    const { manager } = await publisher.session();
    for await (const { config } of manager.consumers.list(stream)) {
      const { filter_subjects: filters = [config.filter_subject ?? `${stream}.>`] } = config;
      if (filters.some((filter) => filter === subject || filter === `${stream}.>`)) {
        consumed.add(event);
        return true;
      }
    }
    if (isFirst) {
      log().warn({ event }, `${event} was published, but no service has a consumer for it`);
    }
    return false;
  }

  async function stop(): Promise<void> {
    state = 'stopped';
    await Promise.all(consumers.map((consumer) => consumer.stop()));
  }

  async function close(): Promise<void> {
    await broker.stop();
    await publisher.close();
    await connection.close();
  }

  let stopped: Promise<void> | undefined;
  let closed: Promise<void> | undefined;
  const broker: Nats<P[number]> = {
    name,
    kind: 'broker',
    system: 'nats',
    service,
    publishes,
    publish: async <C extends P[number]>(
      contract: C,
      data: EventInput<C>,
      options: PublishOptions = {},
    ): Promise<string> => publishEvent(broker, stream, contract, data, options, send),
    send,
    subscribe: (added) => {
      for (const subscription of added) {
        addSubscription(service, subscriptions, subscription);
        if (state === 'started') void consume(subscription);
      }
    },
    check: async (signal) => {
      if (connection.outage !== undefined) throw new Error(connection.outage);
      const { manager } = await abortable(publisher.session(), signal);
      // JetStream may be unavailable on a server that answers.
      await abortable(manager.streams.info(stream), signal);
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
      const consuming = Promise.all(subscriptions.map(consume));
      await Promise.race([consuming, sleep(publishTimeoutMs, undefined, { ref: false })]);
    },
    stop: () => (stopped ??= stop()),
    close: () => (closed ??= close()),
  };
  return broker;
}
