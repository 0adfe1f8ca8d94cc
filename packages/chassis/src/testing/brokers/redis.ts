import { Redis } from 'ioredis';
import { RedisConnection } from '../../redis-streams/connection.js';
import { readEntry } from '../../redis-streams/message.js';
import { Queue } from '../../redis-streams/queue.js';
import { redisStreams } from '../../redis-streams/redis-streams.js';
import { replayDeadLetters } from '../../redis-streams/replay.js';
import { ABANDONED_MS, DELIVERY_LIMIT, handlerKeys } from '../../redis-streams/topology.js';
import { startContainer } from '../container.js';
import { orderChanged, orderPlaced } from '../order-placed.js';
import type { BareBroker, BrokerAdapter } from './adapter.js';

const PASSWORD = 'hunter2';

/** Runs Redis's own client, without the chassis. */
export async function withRedis<T>(url: string, work: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(url);
  try {
    return await work(client);
  } finally {
    client.disconnect();
  }
}

export const keysOf = (service: string) => handlerKeys('events', service, orderPlaced.name);

/** As if the process that has a service's events had said nothing for too long. */
export async function forgetProcess(client: Redis, service: string): Promise<void> {
  const { queue, group } = keysOf(service);
  const pending = (await client.xpending(queue, group, '-', '+', 100)) as [id: string][];
  for (const [id] of pending) {
    await client.xclaim(queue, group, group, 0, id, 'IDLE', ABANDONED_MS, 'JUSTID');
  }
}

/** What a consumer does with its queue. */
export async function withQueue<T>(
  url: string,
  service: string,
  work: (queue: Queue) => Promise<T>,
): Promise<T> {
  const options = { name: 'broker', connectionName: 'test', timeoutMs: 10_000 };
  const connect = () => new RedisConnection(url, { ...options, maxReconnectDelayMs: 100 });
  const [commands, reader] = [connect(), connect()];
  try {
    return await work(new Queue(commands, reader, keysOf(service)));
  } finally {
    await Promise.all([commands.close(), reader.close()]);
  }
}

export const redisAdapter: BrokerAdapter = {
  name: 'redis',
  startServer: () =>
    startContainer({
      engine: 'redis',
      port: 6379,
      environment: { REDISCLI_AUTH: PASSWORD },
      command: [
        ...['redis-server', '--requirepass', PASSWORD, '--save', ''],
        ...['--appendonly', 'yes', '--appendfsync', 'always', '--maxmemory-policy', 'noeviction'],
      ],
      check: ['sh', '-c', 'redis-cli ping | grep -q PONG'],
    }),
  url: (port) => `redis://:${PASSWORD}@127.0.0.1:${port}`,
  connect: redisStreams,
  replay: replayDeadLetters,
  place: 'queue',
  lost: /the connection was lost|EPIPE|ECONN/,
  dropsDuplicates: false,
  settlesMs: 0,
  survivesKill: true,
  bare: (url): BareBroker => ({
    waiting: (service) =>
      withRedis(url, async (client) => {
        const { queue } = keysOf(service);
        if ((await client.exists(queue)) === 0) throw new Error(`${queue} is not there`);
        return client.xlen(queue);
      }),
    deadLetters: (service) => withRedis(url, (client) => client.xlen(keysOf(service).dead)),
    deadLetter: (service) =>
      withRedis(url, async (client) => {
        const [last] = await client.xrevrange(keysOf(service).dead, '+', '-', 'COUNT', 1);
        return readEntry(last!);
      }),
    publish: (body) =>
      withRedis(url, async (client) => {
        for (const service of await client.smembers(keysOf('any').handlers)) {
          await client.xadd(keysOf(service).queue, '*', 'body', body);
        }
      }),
    deletePlace: (service) =>
      withRedis(url, async (client) => {
        await client.del(keysOf(service).queue);
      }),
    abandon: (service) =>
      withRedis(url, (client) =>
        withQueue(url, service, async (queue) => {
          for (let times = 0; times < DELIVERY_LIMIT; times++) {
            await queue.take(1, 5000);
            await forgetProcess(client, service);
            await queue.tend();
          }
        }),
      ),
    hurry: (service, partition) =>
      withRedis(url, async (client) => {
        if (partition === undefined) return forgetProcess(client, service);
        const { turn } = handlerKeys('events', service, orderChanged.name, partition);
        await client.hset(turn, 'until', 0);
      }),
  }),
};
