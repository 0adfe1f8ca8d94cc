import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { orderPlaced } from '../order-placed.js';
import { soon, type BrokerFixture } from './fixture.js';

const WORKERS = 8;
/** How many events are confirmed before the kill, and again after it. */
const MANY = 200;

/** What is lost and what continues if the server is killed. */
export function describeFaults(use: BrokerFixture): void {
  const { adapter, connect, consumer, place, unique, said } = use;

  describe('if the server is killed', () => {
    it.runIf(adapter.survivesKill)(
      'loses nothing that was confirmed under load, and continues',
      async () => {
        const [running, stopped] = [unique('billing'), unique('mail')];
        const { broker, ids } = await consumer(running);
        await (await consumer(stopped)).broker.close();
        const orders = connect('orders', { publishTimeoutMs: 1000 });
        await place(orders, 'first');
        await soon(ids).toEqual(['first']);
        await sleep(adapter.settlesMs);
        const tried = new Set(['first']);
        const confirmed = ['first'];
        const end = new AbortController();
        const load = Promise.all(
          Array.from({ length: WORKERS }, async (_, worker) => {
            for (let n = 0; !end.signal.aborted; n++) {
              const order = `${worker}-${n}`;
              tried.add(order);
              await place(orders, order).then(
                () => confirmed.push(order),
                () => sleep(20),
              );
            }
          }),
        );
        await soon(() => confirmed.length).toBeGreaterThan(MANY);
        await use.server.kill();
        const away = await broker.check(AbortSignal.timeout(1000)).catch(String);
        expect(away).toMatch(adapter.lost);
        const before = confirmed.length;
        await use.server.start();
        await soon(() => confirmed.length).toBeGreaterThan(before + MANY);
        end.abort();
        await load;
        const missing = (got: string[]) => {
          const seen = new Set(got);
          return confirmed.filter((order) => !seen.has(order));
        };
        await soon(() => missing(ids())).toEqual([]);
        const later = await consumer(stopped);
        await soon(() => missing(later.ids())).toEqual([]);
        for (const got of [ids(), later.ids()]) {
          expect(got.filter((order) => !tried.has(order))).toEqual([]);
        }
        await broker.check(AbortSignal.timeout(5000));
        expect(said('info')).toContain('broker is connected again');
      },
    );

    it('cannot publish: a 503 before the time limit', async () => {
      const shop = connect('shop', { publishTimeoutMs: 500 });
      await place(shop, 'a');
      await use.server.kill();
      const unavailable = { name: 'UnavailableError', statusCode: 503 };
      try {
        for (const broker of [shop, connect('other', { publishTimeoutMs: 500 })]) {
          await expect(place(broker, 'b')).rejects.toMatchObject(unavailable);
        }
      } finally {
        await use.server.start();
      }
    });

    it.runIf(adapter.survivesKill)(
      'keeps confirmed events for a service that was never started, even if it is killed right after',
      async () => {
        const later = unique('later');
        const publisher = connect(unique('shop'), { subscribers: { [orderPlaced.name]: [later] } });
        await place(publisher, 'kept');
        await use.server.kill();
        await use.server.start();
        await soon(() => use.bare.waiting(later)).toBe(1);
      },
    );
  });
}
