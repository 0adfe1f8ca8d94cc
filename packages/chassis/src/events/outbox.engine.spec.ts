import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { describeEngine } from '../../../../tools/testing/describe-engine.js';
import { migratePostgres } from '../datastores/migrations-postgres.js';
import { postgres } from '../datastores/postgres.js';
import { nats } from '../nats/nats.js';
import type { Resource } from '../service/resource.js';
import { rememberingLog, soon, type OrderBroker } from '../testing/brokers/fixture.js';
import { orderChanged, orderPlaced } from '../testing/order-placed.js';
import { usePostgres } from '../testing/postgres-server.js';
import { EventRefusedError } from './broker.js';
import { defineEvent } from './events.js';
import { cleanInbox, once } from './inbox.js';
import { outbox } from './outbox.js';

// What needs no broker. With one, both are tested in testing/brokers/with-postgres.ts.

describeEngine('outbox and inbox', () => {
  const sql = usePostgres();
  const { log, lines, said } = rememberingLog();
  const { waiting, commit, countOf } = sql;
  const open: Resource[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((resource) => resource.close()));
    lines.length = 0;
  });

  /** Never connects, because no test publishes with it. */
  const connect = (): OrderBroker =>
    nats('nats://127.0.0.1:1', { service: 'orders', publishes: [orderPlaced], log });

  function relayOf(broker: OrderBroker, options = {}) {
    const relay = outbox(sql.database, broker, { pollMs: 200, log, ...options });
    open.push(relay);
    return relay;
  }

  it('creates tables only if it is told to', async () => {
    await sql.database.query('CREATE DATABASE plain');
    const plain = sql.url.replace(/[^/]*$/, 'plain');
    await migratePostgres({ url: plain, directory: sql.directory });
    const other = postgres(plain);
    open.push(other);
    const relay = outbox(other, connect());
    await expect(relay.check(AbortSignal.timeout(1000))).rejects.toThrow('chassis_outbox');
  });

  /** Replaces the broker in tests that are only about the relay. */
  function recorder(send: (orderId: string) => Promise<void>) {
    const broker = connect();
    return { ...broker, send: (event) => send(orderOf(event.body)) } satisfies typeof broker;
  }
  const orderOf = (body: string | Buffer) =>
    (JSON.parse(String(body)) as { orderId: string }).orderId;

  it('publishes each event once, with any number of relays', async () => {
    const sent: string[] = [];
    const broker = recorder(async (orderId) => {
      await sleep(2);
      sent.push(orderId);
    });
    const composed = outbox(sql.database, broker);
    const orders = Array.from({ length: 60 }, (_, index) => `many-${index}`);
    for (const order of orders) await commit(composed, order);
    for (const _ of [1, 2, 3]) relayOf(broker, { batch: 5 }).start();
    await soon(waiting).toBe(0);
    expect(sent.sort()).toEqual(orders.sort());
  });

  it('keeps the order if there is one relay', async () => {
    const sent: string[] = [];
    const broker = recorder((orderId) => Promise.resolve(void sent.push(orderId)));
    const relay = relayOf(broker, { batch: 3 });
    const orders = Array.from({ length: 10 }, (_, index) => `in-order-${index}`);
    for (const order of orders) await commit(relay, order);
    relay.start();
    await soon(() => sent).toEqual(orders);
  });

  it('publishes nothing with an order before what is refused, or fails, of the same key', async () => {
    const sent: string[] = [];
    const orders = nats('nats://127.0.0.1:1', {
      service: 'orders',
      publishes: [orderChanged],
      log,
    });
    let refuses = true;
    const broker = {
      ...orders,
      send: ({ name, body }) => {
        const { orderId, step } = JSON.parse(String(body)) as { orderId: string; step: number };
        if (refuses && orderId === 'a' && step === 1) {
          return Promise.reject(new EventRefusedError(name, { cause: new Error('no') }));
        }
        return Promise.resolve(void sent.push(`${orderId} ${step}`));
      },
    } satisfies typeof orders;
    const relay = outbox(sql.database, broker, { pollMs: 20, batch: 2, log });
    open.push(relay);
    for (const step of [0, 1, 2, 3]) {
      for (const orderId of ['a', 'b']) {
        await sql.database.transaction((client) =>
          relay.publish(client, orderChanged, { orderId, step }),
        );
      }
    }
    relay.start();
    await soon(() => sent.filter((one) => one.startsWith('b'))).toEqual([
      'b 0',
      'b 1',
      'b 2',
      'b 3',
    ]);
    expect(sent.filter((one) => one.startsWith('a'))).toEqual(['a 0']);
    refuses = false;
    await soon(() => sent.filter((one) => one.startsWith('a'))).toEqual([
      'a 0',
      'a 1',
      'a 2',
      'a 3',
    ]);
    await soon(waiting).toBe(0);
  });

  it('waits while the broker is down, says so once, and then continues', async () => {
    let isAway = true;
    const sent: string[] = [];
    const broker = recorder((orderId) => {
      if (isAway) return Promise.reject(new Error('connect ECONNREFUSED'));
      return Promise.resolve(void sent.push(orderId));
    });
    const relay = relayOf(broker, { pollMs: 20 });
    relay.start();
    await commit(relay, 'patient');
    await soon(() => said('warn').length).toBe(1);
    await sleep(1200);
    expect(said('warn')).toEqual(['outbox stands still: connect ECONNREFUSED']);
    isAway = false;
    await soon(() => sent).toEqual(['patient']);
  });

  it('is not blocked by an event that the broker refuses', async () => {
    const sent: string[] = [];
    const broker = recorder((orderId) => {
      if (orderId !== 'refused') return Promise.resolve(void sent.push(orderId));
      const cause = new Error('too big');
      return Promise.reject(new EventRefusedError('order.placed', { cause }));
    });
    const relay = relayOf(broker);
    for (const order of ['refused', 'fine']) await commit(relay, order);
    relay.start();
    await soon(() => sent).toEqual(['fine']);
    await soon(() => said('error')).toEqual(['the broker refuses order.placed: too big']);
    // Logged before it is committed.
    await soon(async () => {
      const text = 'SELECT attempts, last_error FROM chassis_outbox';
      return (await sql.database.query(text)).rows;
    }).toEqual([{ attempts: 1, last_error: 'too big' }]);
    await relay.close();
    await sql.database.query('DELETE FROM chassis_outbox');
  });

  it('publishes the rest when it closes', async () => {
    const sent: string[] = [];
    const broker = recorder((orderId) => Promise.resolve(void sent.push(orderId)));
    const relay = relayOf(broker, { pollMs: 60_000 });
    relay.start();
    await soon(waiting).toBe(0);
    await commit(outbox(sql.database, broker), 'last');
    await relay.close();
    expect(sent).toEqual(['last']);
  });

  it('refuses events that the broker does not declare', async () => {
    const other = defineEvent('order.lost', z.object({}));
    const relay = relayOf(connect());
    // @ts-expect-error nor does it compile
    const publish = sql.database.transaction((client) => relay.publish(client, other, {}));
    await expect(publish).rejects.toThrow('orders does not publish order.lost');
  });

  describe('once', () => {
    const add = (id: string) => (client: Parameters<Parameters<typeof once>[3]>[0]) =>
      client.query('UPDATE orders SET count = count + 1 WHERE id = $1', [id]);

    it('does its work once if an event comes many times in parallel', async () => {
      await sql.database.query("INSERT INTO orders (id) VALUES ('o1')");
      const event = { id: 'event-1' };
      const results = await Promise.all(
        Array.from({ length: 5 }, () => once(sql.database, event, 'billing', add('o1'))),
      );
      expect(results.filter(Boolean)).toHaveLength(1);
      expect(await countOf('o1')).toBe(1);
      expect(await once(sql.database, event, 'mail', add('o1'))).toBe(true);
      expect(await countOf('o1')).toBe(2);
    });

    it('repeats the work if it failed and was rolled back', async () => {
      await sql.database.query("INSERT INTO orders (id) VALUES ('o2')");
      const event = { id: 'event-2' };
      const failing = once(sql.database, event, 'billing', async (client) => {
        await add('o2')(client);
        throw new Error('no stock');
      });
      await expect(failing).rejects.toThrow('no stock');
      expect(await countOf('o2')).toBe(0);
      expect(await once(sql.database, event, 'billing', add('o2'))).toBe(true);
    });

    it('removes old records', async () => {
      await once(sql.database, { id: 'old' }, 'billing', () => Promise.resolve());
      await once(sql.database, { id: 'new' }, 'billing', () => Promise.resolve());
      await sql.database.query(
        "UPDATE chassis_inbox SET handled_at = now() - interval '2 days' WHERE event_id = 'old'",
      );
      expect(await cleanInbox(sql.database, 86_400_000)).toBe(1);
      const { rows } = await sql.database.query(
        "SELECT event_id FROM chassis_inbox WHERE event_id IN ('old', 'new')",
      );
      expect(rows).toEqual([{ event_id: 'new' }]);
    });
  });
});
