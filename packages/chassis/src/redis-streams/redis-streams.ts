import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
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
import { RedisConnection, type RedisConnectionOptions } from './connection.js';
import { BLOCK_MS, EventConsumer } from './consumer.js';
import { durabilityProblems, type ServerSettings } from './durability.js';
import { ConfirmingPublisher } from './publisher.js';
import { Queue } from './queue.js';
import { handlerKeys } from './topology.js';

export interface RedisStreamsOptions<P extends readonly EventContract[]> extends BrokerOptions<P> {
  /** What all keys begin with. Default `events`. */
  prefix?: string;
}

export interface RedisStreams<E extends EventContract = EventContract> extends Broker<E> {
  readonly system: 'redis';
}

/**
 * Redis Streams (`redis://`, or `rediss://` with TLS), Redis 7.0 or newer, or Valkey; not a Redis Cluster. It connects
 * when it is first used, and again after each break, and then consumes again. There is one connection for publishing
 * and another one for each event that it handles.
 *
 * A confirmed event is only safe if the server has `appendonly yes`, `appendfsync always` and `maxmemory-policy
 * noeviction`. If it has not, the log warns.
 *
 * @throws {TypeError} if `url` is invalid.
 */
export function redisStreams<const P extends readonly EventContract[] = readonly []>(
  url: string,
  options: RedisStreamsOptions<P>,
): RedisStreams<P[number]> {
  const { service, subscribers = {}, name = 'broker', prefix = 'events' } = options;
  const { prefetch = 10, retryDelaysMs = RETRY_DELAYS_MS } = options;
  const { publishTimeoutMs = 5000, maxReconnectDelayMs = 2000 } = options;
  let handlerTimeoutMs = options.handlerTimeoutMs ?? HANDLER_TIMEOUT_MS;
  const publishes: readonly P[number][] = options.publishes ?? [];
  checkConnectionUrl(name, 'redis', url);

  let hostLog: Log | undefined;
  const log = (): Log => options.log ?? hostLog ?? defaultLog();
  let metrics = eventMetrics(NO_METER);

  const connected: RedisConnectionOptions = {
    name,
    connectionName: service,
    timeoutMs: publishTimeoutMs,
    maxReconnectDelayMs,
  };
  const connection = new RedisConnection(url, {
    ...connected,
    log,
    onReady: (client) => void checkDurability(client),
  });
  const publisher = new ConfirmingPublisher(
    connection,
    name,
    prefix,
    publishTimeoutMs,
    subscribers,
  );

  const subscriptions: Subscription[] = [];
  const consumers: EventConsumer[] = [];
  const readers: RedisConnection[] = [];
  let state: 'composed' | 'started' | 'stopped' = 'composed';

  function consume(subscription: Subscription): Promise<void> {
    let readerId: number | undefined;
    const reader = new RedisConnection(url, {
      ...connected,
      blockMs: BLOCK_MS,
      // Answered before what blocks.
      onReady: (client) =>
        void client.client('ID').then(
          (id) => (readerId = id),
          () => undefined,
        ),
    });
    const keys = handlerKeys(prefix, service, subscription.contract.name);
    const interrupt = async (): Promise<void> => {
      if (connection.outage !== undefined || readerId === undefined) return reader.close();
      await connection.run((client) => client.client('UNBLOCK', readerId!));
    };
    const queue = new Queue(connection, reader, keys);
    const consumer = new EventConsumer(subscription, queue, interrupt, {
      service,
      prefetch,
      retryDelaysMs,
      handlerTimeoutMs,
      log,
      metrics: () => metrics,
    });
    readers.push(reader);
    consumers.push(consumer);
    return connection.outside(() => consumer.start());
  }

  const unroutable = new Set<string>();

  async function send(event: WireEvent): Promise<void> {
    let queues: number;
    try {
      queues = await publisher.send(event.name, { ...event, source: service });
    } catch (error) {
      metrics.published(event.name, 'failed');
      throw error;
    }
    metrics.published(event.name, queues > 0 ? 'confirmed' : 'unroutable');
    if (queues > 0 || unroutable.has(event.name)) return;
    unroutable.add(event.name);
    const text = `${event.name} was published, but no service has a queue for it`;
    log().warn({ event: event.name }, text);
  }

  let warned = '';
  async function checkDurability(client: Redis): Promise<void> {
    const read = (pattern: string) => client.config('GET', pattern) as Promise<ServerSettings>;
    // A server that others run may not tell.
    const settings = await Promise.all([read('append*'), read('maxmemory-policy')]).catch(() => []);
    const problems = durabilityProblems(settings.flat()).join('; ');
    if (problems === warned) return;
    warned = problems;
    if (problems === '') return;
    log().warn({ resource: name }, `${name} can lose confirmed events: ${problems}`);
  }

  async function stop(): Promise<void> {
    state = 'stopped';
    await Promise.all(consumers.map((consumer) => consumer.stop()));
  }

  async function close(): Promise<void> {
    await broker.stop();
    await publisher.close();
    await Promise.all([...readers, connection].map((one) => one.close()));
  }

  let stopped: Promise<void> | undefined;
  let closed: Promise<void> | undefined;
  const broker: RedisStreams<P[number]> = {
    name,
    kind: 'broker',
    system: 'redis',
    service,
    publishes,
    publish: async <C extends P[number]>(
      contract: C,
      data: EventInput<C>,
      options: PublishOptions = {},
    ): Promise<string> => publishEvent(broker, prefix, contract, data, options, send),
    send,
    subscribe: (added) => {
      for (const subscription of added) {
        addSubscription(service, subscriptions, subscription);
        if (state === 'started') void consume(subscription);
      }
    },
    check: async (signal) => {
      if (connection.outage !== undefined) throw new Error(connection.outage);
      await abortable(
        connection.run((client) => client.ping()),
        signal,
      );
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
