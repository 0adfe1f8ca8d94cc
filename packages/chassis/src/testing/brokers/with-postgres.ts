import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { currentContext, runInContext } from '../../context/request-context.js';
import { handle } from '../../events/events.js';
import { once } from '../../events/inbox.js';
import { outbox } from '../../events/outbox.js';
import { orderChanged, orderPlaced } from '../order-placed.js';
import { usePostgres } from '../postgres-server.js';
import { soon, type BrokerFixture, type OrderBroker } from './fixture.js';

/** Events that are committed with the change that they are about, and handled once. */
export function describeWithPostgres(use: BrokerFixture): void {
  const { adapter, connect, consumer, place, unique, log } = use;

  describe('with PostgreSQL', () => {
    const sql = usePostgres();

    function relayOf(broker: OrderBroker, options = {}) {
      const relay = outbox(sql.database, broker, { pollMs: 200, log, ...options });
      use.closeLater(relay);
      return relay;
    }

    /** A process that ends while it relays. */
    async function victim(work: string, orderId = '') {
      const process = await use.startProcess({
        SERVICE: 'orders',
        DATABASE_URL: sql.url,
        WORK: work,
        ORDER_ID: orderId,
      });
      expect(await process.exited).toBe('SIGKILL');
    }

    /** A consumer that counts in the order's row, and whether it was the first time. */
    async function countingConsumer() {
      const service = unique('billing');
      const handled: boolean[] = [];
      const { events } = await consumer(service, async (event) => {
        const isFirst = await once(sql.database, event, service, (client) =>
          client.query('UPDATE orders SET count = count + 1 WHERE id = $1', [event.data.orderId]),
        );
        handled.push(isFirst);
      });
      return { events, handled };
    }

    it('publishes committed events immediately, with their context', async () => {
      const contexts: unknown[] = [];
      const { events } = await consumer(unique('billing'), () =>
        contexts.push(currentContext()?.requestId),
      );
      const relay = relayOf(connect('orders'), { pollMs: 60_000 });
      relay.start();
      const id = await runInContext({ requestId: 'request-2' }, () =>
        sql.commit(relay, 'committed'),
      );
      await soon(() => events.map(({ id }) => id)).toEqual([id]);
      expect(contexts).toEqual(['request-2']);
      await soon(sql.waiting).toBe(0);
    });

    it('publishes nothing that was rolled back', async () => {
      const { ids } = await consumer(unique('billing'));
      const relay = relayOf(connect('orders'));
      relay.start();
      const failed = sql.database.transaction(async (client) => {
        await relay.publish(client, orderPlaced, { orderId: 'undone', total: 1 });
        throw new Error('no stock');
      });
      await expect(failed).rejects.toThrow('no stock');
      await sql.commit(relay, 'done');
      await soon(ids).toEqual(['done']);
    });

    it('publishes at the next start what a process committed that died before it could', async () => {
      const { events, handled } = await countingConsumer();
      await victim('commit and die', 'left-behind');
      expect(await sql.waiting()).toBe(1);
      relayOf(connect('orders')).start();
      await soon(() => handled).toEqual([true]);
      expect(events.map(({ data }) => data.orderId)).toEqual(['left-behind']);
      await soon(sql.waiting).toBe(0);
      expect(await sql.countOf('left-behind')).toBe(1);
    });

    it('leads to one handling if a relay dies between the confirm and the record of it', async () => {
      const { events, handled } = await countingConsumer();
      await sql.commit(outbox(sql.database, connect('orders')), 'twice');
      await victim('relay and die');
      await soon(() => events.length).toBe(1);
      expect(await sql.waiting()).toBe(1);
      relayOf(connect('orders')).start();
      await soon(sql.waiting).toBe(0);
      const expected = adapter.dropsDuplicates ? [true] : [true, false];
      await soon(() => handled).toEqual(expected);
      expect(new Set(events.map(({ id }) => id)).size).toBe(1);
      expect(await sql.countOf('twice')).toBe(1);
    });

    it('keeps the order of events that two relays publish and two replicas handle', async () => {
      const service = unique('billing');
      const seen: string[] = [];
      const open = () => {
        const options = { service, publishes: [orderChanged], log } as const;
        const broker = adapter.connect(use.url, options);
        use.closeLater(broker);
        return broker;
      };
      const replicas = [open(), open()];
      for (const replica of replicas) {
        const work = ({ data: { orderId, step } }: { data: { orderId: string; step: number } }) =>
          Promise.resolve(void seen.push(`${orderId} ${step}`));
        replica.subscribe([handle(orderChanged, work)]);
        await replica.start();
      }
      const relays = replicas.map((replica) => {
        const relay = outbox(sql.database, replica, { pollMs: 20, batch: 7, log });
        use.closeLater(relay);
        return relay;
      });
      const write = (orderId: string, step: number) =>
        sql.database.transaction((client) =>
          relays[step % 2]!.publish(client, orderChanged, { orderId, step }),
        );
      for (let step = 0; step < 15; step++) for (const id of ['a', 'b']) await write(id, step);
      for (const relay of relays) relay.start();
      for (let step = 15; step < 30; step++) for (const id of ['a', 'b']) await write(id, step);
      await soon(() => seen.length).toBe(60);
      for (const id of ['a', 'b']) {
        const expected = Array.from({ length: 30 }, (_, step) => `${id} ${step}`);
        expect(seen.filter((one) => one.startsWith(id))).toEqual(expected);
      }
    });

    it.runIf(adapter.survivesKill)(
      'loses nothing and does nothing twice if the server is killed under load',
      async () => {
        const { handled } = await countingConsumer();
        const relay = relayOf(connect('orders', { publishTimeoutMs: 1000 }));
        relay.start();
        await place(connect('shop'), 'no-order');
        await soon(() => handled.length).toBe(1);
        await sleep(adapter.settlesMs);
        const orders: string[] = [];
        const commitSome = async () => {
          for (let n = 0; n < 50; n++) {
            const order = unique('load');
            await sql.commit(relay, order);
            orders.push(order);
          }
        };
        await commitSome();
        await Promise.all([commitSome(), use.server.kill()]);
        await commitSome();
        await use.server.start();
        await soon(sql.waiting).toBe(0);
        await soon(() => handled.filter(Boolean).length).toBe(orders.length + 1);
        const text =
          'SELECT count(*)::integer AS count FROM orders WHERE id = ANY($1) AND count = 1';
        const { rows } = await sql.database.query(text, [orders]);
        expect(rows).toEqual([{ count: 150 }]);
      },
    );
  });
}
