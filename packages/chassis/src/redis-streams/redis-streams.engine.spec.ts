import { expect, it, vi } from 'vitest';
import { handle } from '../events/events.js';
import { describeBroker } from '../testing/brokers/behaviour.js';
import { soon } from '../testing/brokers/fixture.js';
import {
  forgetProcess,
  keysOf,
  redisAdapter,
  withQueue,
  withRedis,
} from '../testing/brokers/redis.js';
import { orderPlaced } from '../testing/order-placed.js';
import { redisStreams } from './redis-streams.js';

describeBroker(redisAdapter, (use) => {
  const { connect, consumer, place, unique, said, log } = use;
  const set = (name: string, value: string) =>
    withRedis(use.url, (client) => client.config('SET', name, value));

  it('refuses what the account may not publish', async () => {
    await withRedis(use.url, (client) =>
      client.acl('SETUSER', 'reader', 'on', '>hunter2', '~*', '+@all', '-xadd'),
    );
    await consumer(unique('billing'));
    const account = use.url.replace('redis://', 'redis://reader');
    const orders = redisStreams(account, { service: 'orders', publishes: [orderPlaced], log });
    use.closeLater(orders);
    await expect(place(orders, 'a')).rejects.toMatchObject({ name: 'EventRefusedError' });
  });

  it('refuses new events if it has no memory left, and still retries and buries the others', async () => {
    const service = unique('billing');
    let isFull = false;
    const { events } = await consumer(service, async () => {
      await vi.waitUntil(() => isFull, { timeout: 30_000 });
      throw new Error('no');
    });
    const orders = connect('orders');
    await place(orders, 'a');
    await soon(() => events.length).toBe(1);
    await set('maxmemory', '1mb');
    try {
      await expect(place(orders, 'b')).rejects.toMatchObject({
        name: 'UnavailableError',
        message: expect.stringContaining('OOM') as string,
      });
      isFull = true;
      await soon(() => use.bare.deadLetters(service)).toBe(1);
      expect(events.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    } finally {
      await set('maxmemory', '0');
    }
  });

  it('warns if the server can lose what it confirmed', async () => {
    await place(connect('orders'), 'a');
    expect(said('warn').join()).not.toContain('can lose');
    await set('appendfsync', 'everysec');
    try {
      await place(connect('orders'), 'b');
      await soon(() => said('warn')).toContain(
        'broker can lose confirmed events: appendfsync is everysec: it confirms events before they are on the disk',
      );
    } finally {
      await set('appendfsync', 'always');
    }
  });

  it.each([
    ['its group', (service: string) => ['XGROUP', 'DESTROY', keysOf(service).queue, service]],
    [
      'its name among the handlers',
      (service: string) => ['SREM', keysOf(service).handlers, service],
    ],
    ['all data', () => ['FLUSHALL']],
  ])('continues after %s was deleted', async (_name, command) => {
    const service = unique('billing');
    const { ids } = await consumer(service);
    await withRedis(use.url, async (client) => {
      const { queue, handlers } = keysOf(service);
      const [verb, ...args] = command(service);
      await client.call(verb!, ...args);
      const restored = async () => {
        const groups = (await client.xinfo('GROUPS', queue).catch(() => [])) as unknown[];
        return [groups.length, await client.sismember(handlers, service)];
      };
      await soon(restored).toEqual([1, 1]);
    });
    await place(connect('orders'), 'a');
    await soon(ids).toEqual(['a']);
  });

  it('keeps no trace of events that were handled', async () => {
    const service = unique('billing');
    const { events } = await consumer(service, ({ attempt }) => {
      if (attempt === 1) throw new Error('not yet');
    });
    const orders = connect('orders');
    for (let n = 0; n < 5; n++) await place(orders, String(n));
    await soon(() => events.length).toBe(10);
    await soon(() => use.bare.waiting(service)).toBe(0);
    await withRedis(use.url, async (client) => {
      const { queue, paused } = keysOf(service);
      expect(await client.xpending(queue, service)).toEqual([0, null, null, null]);
      expect(await client.exists(paused)).toBe(0);
    });
  });

  it('returns an event that arrives during a stop, as the same attempt', async () => {
    const service = unique('billing');
    const first = connect(service);
    let begun = 0;
    first.subscribe([handle(orderPlaced, () => Promise.resolve(void begun++))]);
    await first.start();
    const stopped = first.stop();
    await place(connect('orders'), 'a');
    await stopped;
    const second = await consumer(service);
    await soon(() => use.bare.waiting(service)).toBe(0);
    expect(second.events.map(({ attempt }) => attempt)).toEqual(begun === 1 ? [] : [1]);
  });

  it('leaves an event to its process as long as that says that it works', async () => {
    const service = unique('billing');
    await (await consumer(service)).broker.close();
    await place(connect('orders'), 'a');
    await withRedis(use.url, (client) =>
      withQueue(use.url, service, async (queue) => {
        const [taken] = await queue.take(1, 5000);
        const id = taken![0];
        await forgetProcess(client, service);
        await queue.keep(id);
        await queue.tend();
        expect(await queue.take(1, 50)).toEqual([]);
        await forgetProcess(client, service);
        await queue.tend();
        // What the first one does comes too late.
        expect(await queue.pause(id, 0, 2)).toBe(false);
        expect(await queue.bury(id, 'rejected', new Error('no'), 1)).toBe(false);
        await queue.finish(id);
        expect(await queue.take(2, 5000)).toHaveLength(1);
        expect(await use.bare.deadLetters(service)).toBe(0);
      }),
    );
  });
});
