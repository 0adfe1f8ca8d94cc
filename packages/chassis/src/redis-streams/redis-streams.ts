import type { Redis } from 'ioredis';
import { checkConnectionUrl } from '../connections/connection-url.js';
import { abortable } from '../context/deadline.js';
import type { Broker, BrokerOptions } from '../events/broker.js';
import type { EventContract } from '../events/events.js';
import { openBroker, type Transport, type TransportOptions } from '../events/open-broker.js';
import { RedisConnection, type RedisConnectionOptions } from './connection.js';
import { BLOCK_MS, EventConsumer } from './consumer.js';
import { durabilityProblems, type ServerSettings } from './durability.js';
import { ConfirmingPublisher } from './publisher.js';
import { OrderedQueue } from './ordered-queue.js';
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
  const { name = 'broker', prefix = 'events' } = options;
  checkConnectionUrl(name, 'redis', url);
  return openBroker('redis', options, (common) => openTransport(url, prefix, common));
}

function openTransport(
  url: string,
  prefix: string,
  { service, name, subscribers, log, warnOfUnroutable, ...limits }: TransportOptions,
): Transport {
  const connected: RedisConnectionOptions = {
    name,
    connectionName: service,
    timeoutMs: limits.publishTimeoutMs,
    maxReconnectDelayMs: limits.maxReconnectDelayMs,
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
    limits.publishTimeoutMs,
    subscribers,
  );
  const readers: RedisConnection[] = [];

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

  return {
    destination: prefix,
    keepsOrder: true,
    send: async (event) => {
      const queues = await publisher.send(event.name, { ...event, source: service });
      if (queues === 0) warnOfUnroutable(event.name);
      return queues > 0;
    },
    consumer: (subscription, options) => {
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
      readers.push(reader);
      const { partition } = options;
      const keys = handlerKeys(prefix, service, subscription.contract.name, partition);
      const interrupt = async (): Promise<void> => {
        if (connection.outage !== undefined || readerId === undefined) return reader.close();
        await connection.run((client) => client.client('UNBLOCK', readerId!));
      };
      const Kind = partition === undefined ? Queue : OrderedQueue;
      const queue = new Kind(connection, reader, keys);
      return new EventConsumer(subscription, queue, interrupt, options);
    },
    check: async (signal) => {
      if (connection.outage !== undefined) throw new Error(connection.outage);
      await abortable(
        connection.run((client) => client.ping()),
        signal,
      );
    },
    close: async () => {
      await publisher.close();
      await Promise.all([...readers, connection].map((one) => one.close()));
    },
  };
}
