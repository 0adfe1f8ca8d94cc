import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { defineEvent, handle } from '../../events/events.js';
import { orderPlaced } from '../order-placed.js';
import { soon, type BrokerFixture } from './fixture.js';

/** How a service takes events, and what happens to them if it stops or dies. */
export function describeConsuming(use: BrokerFixture): void {
  const { adapter, connect, consumer, place, unique, said, log } = use;

  describe('consuming', () => {
    it('handles at most as many at a time as configured', async () => {
      let atOnce = 0;
      let most = 0;
      let fill = (): void => undefined;
      // However slowly they arrive.
      const isFull = new Promise<void>((resolve) => (fill = resolve));
      const { events } = await consumer(
        unique('billing'),
        async () => {
          most = Math.max(most, ++atOnce);
          if (atOnce === 3) fill();
          await isFull;
          await sleep(20);
          atOnce--;
        },
        { prefetch: 3 },
      );
      const orders = connect('orders');
      await Promise.all(Array.from({ length: 12 }, (_, index) => place(orders, String(index))));
      await soon(() => events.length).toBe(12);
      expect(most).toBe(3);
    });

    it('shares the work among replicas', async () => {
      const service = unique('billing');
      const replicas = [
        await consumer(service, () => sleep(10), { prefetch: 1 }),
        await consumer(service, () => sleep(10), { prefetch: 1 }),
      ];
      const orders = connect('orders');
      await Promise.all(Array.from({ length: 10 }, (_, index) => place(orders, String(index))));
      const all = () => replicas.flatMap(({ ids }) => ids());
      await soon(() => all().length).toBe(10);
      expect(new Set(all()).size).toBe(10);
      for (const { events } of replicas) expect(events.length).toBeGreaterThan(0);
    });

    it('finishes what is running before it closes, and leaves the rest to the next consumer', async () => {
      const service = unique('billing');
      const ended: string[] = [];
      let letGo = (): void => undefined;
      const isClosing = new Promise<void>((resolve) => (letGo = resolve));
      const first = await consumer(
        service,
        async ({ data }) => {
          await isClosing;
          ended.push(data.orderId);
        },
        { prefetch: 1 },
      );
      const orders = connect('orders');
      for (const order of ['a', 'b', 'c']) await place(orders, order);
      await soon(() => first.events.length).toBe(1);
      const closed = first.broker.close();
      letGo();
      await closed;
      expect(ended).toEqual(['a']);
      expect(first.ids()).toEqual(['a']);
      const second = await consumer(service);
      await soon(() => second.ids()).toEqual(['b', 'c']);
      expect(second.events.map(({ attempt }) => attempt)).toEqual([1, 1]);
    });

    it('lets a handler publish during a stop', async () => {
      const relay = unique('relay');
      const orders = connect('orders');
      const shipped = defineEvent('order.shipped', z.object({}));
      const broker = adapter.connect(use.url, { service: relay, publishes: [shipped], log });
      use.closeLater(broker);
      let begun = 0;
      broker.subscribe([
        handle(orderPlaced, async () => {
          begun++;
          await sleep(200);
          await broker.publish(shipped, {});
        }),
      ]);
      await broker.start();
      await place(orders, 'a');
      await soon(() => begun).toBe(1);
      await broker.close();
      expect(said('error')).toEqual([]);
      expect(await use.bare.waiting(relay)).toBe(0);
    });

    it(`continues after its ${adapter.place} was deleted`, async () => {
      const service = unique('billing');
      const { ids } = await consumer(service);
      await use.bare.deletePlace(service);
      await soon(() => use.bare.waiting(service).catch(() => -1)).toBe(0);
      await place(connect('orders'), 'a');
      await soon(ids).toEqual(['a']);
    });

    it('gives the event of a killed process to another one', async () => {
      const service = unique('billing');
      const victim = await use.startProcess({
        SERVICE: service,
        WORK: 'hang',
      });
      const id = await place(connect('orders'), 'a');
      await victim.says('handling a');
      const { events } = await consumer(service);
      await use.bare.hurry?.(service);
      await victim.kill();
      await soon(() => events.map((event) => event.id)).toEqual([id]);
      await soon(() => use.bare.waiting(service)).toBe(0);
    });

    it('stops delivering an event that always ends its process', async () => {
      const service = unique('billing');
      const { broker } = await consumer(service);
      await broker.close();
      await place(connect('orders'), 'a');
      await use.bare.abandon(service);
      const { events } = await consumer(service);
      await soon(() => use.bare.deadLetters(service)).toBe(1);
      await soon(() => use.bare.waiting(service)).toBe(0);
      expect(events).toEqual([]);
    });
  });
}
