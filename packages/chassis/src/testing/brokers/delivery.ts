import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { currentContext, runInContext } from '../../context/request-context.js';
import { defineEvent, handle, RejectEventError } from '../../events/events.js';
import type { Log } from '../../telemetry/log.js';
import type { MetricLabels } from '../../telemetry/meter.js';
import { orderPlaced } from '../order-placed.js';
import { soon, type BrokerFixture } from './fixture.js';

/** What becomes of an event: it reaches its handlers, comes again, or is a dead letter. */
export function describeDelivery(use: BrokerFixture): void {
  const { adapter, connect, consumer, place, unique, said, log } = use;

  describe('publishing', () => {
    it('reaches a handler of each service, with the context', async () => {
      const contexts: unknown[] = [];
      const remember = () => contexts.push(currentContext()?.requestId);
      const consumers = [
        await consumer(unique('billing'), remember),
        await consumer(unique('mail'), remember),
      ];
      const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
      const context = { requestId: 'request-1', traceparent, deadline: performance.now() + 4000 };
      const id = await runInContext(context, () => place(connect('orders'), 'a', 12));
      for (const { events } of consumers) {
        await soon(() => events.length).toBe(1);
        expect(events[0]).toMatchObject({
          id,
          name: 'order.placed',
          data: { orderId: 'a', total: 12 },
          source: 'orders',
          attempt: 1,
        });
      }
      expect(contexts).toEqual(['request-1', 'request-1']);
    });

    it(`${adapter.dropsDuplicates ? 'is done once' : 'arrives twice'} if it is published twice within two minutes`, async () => {
      const { events, ids } = await consumer(unique('billing'));
      const orders = connect('orders');
      const data = { orderId: 'a', total: 1 };
      for (const _ of [1, 2]) await orders.publish(orderPlaced, data, { id: 'order-a' });
      await place(orders, 'b');
      await soon(ids).toContain('b');
      const arrivals = () => events.filter(({ id }) => id === 'order-a').length;
      await soon(arrivals).toBe(adapter.dropsDuplicates ? 1 : 2);
    });

    it('is reported in the log once if no service consumes it', async () => {
      const soldOut = defineEvent('stock.sold-out', z.object({}));
      const stock = adapter.connect(use.url, { service: 'stock', publishes: [soldOut], log });
      use.closeLater(stock);
      await stock.publish(soldOut, {});
      await stock.publish(soldOut, {});
      expect(said('warn')).toEqual([
        `stock.sold-out was published, but no service has a ${adapter.place} for it`,
      ]);
    });

    it('keeps events for known services that were never started', async () => {
      const service = unique('billing');
      const orders = connect('orders', { subscribers: { 'order.placed': [service] } });
      await place(orders, 'early');
      const { ids } = await consumer(service);
      await soon(ids).toEqual(['early']);
    });

    it('is counted in the metrics', async () => {
      const counted: MetricLabels[] = [];
      const meter = {
        counter: (name: string) => ({
          inc: (labels: MetricLabels) => void counted.push({ name, ...labels }),
        }),
        histogram: () => ({ observe: () => undefined }),
        gauge: () => ({ set: () => undefined }),
      };
      const broker = connect(unique('billing'), { retryDelaysMs: [] });
      broker.subscribe([
        handle(orderPlaced, ({ data: { total } }) =>
          total < 0 ? Promise.reject(new Error('negative')) : Promise.resolve(),
        ),
      ]);
      await broker.start({ log, meter });
      await place(broker, 'a');
      await place(broker, 'b', -1);
      await soon(() => counted.length).toBe(4);
      const event = 'order.placed';
      for (const outcome of ['done', 'dead']) {
        expect(counted).toContainEqual({ name: 'events_handled_total', event, outcome });
      }
      const published = { name: 'events_published_total', event, outcome: 'confirmed' };
      expect(counted.filter(({ name }) => name === published.name)).toEqual([published, published]);
    });
  });

  describe('a handler that fails', () => {
    it('gets the event again later, and no other service does', async () => {
      const times: number[] = [];
      const failing = await consumer(unique('billing'), ({ attempt }) => {
        times.push(performance.now());
        if (attempt < 3) throw new Error('not yet');
      });
      const other = await consumer(unique('mail'));
      await place(connect('orders'), 'a');
      await soon(() => failing.events.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
      expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(100);
      expect(times[2]! - times[1]!).toBeGreaterThanOrEqual(200);
      expect(new Set(failing.events.map(({ id }) => id)).size).toBe(1);
      await sleep(300);
      expect(other.events).toHaveLength(1);
      expect(said('warn')).toEqual([
        `order.placed failed and is delivered again in ${use.pauseOf(100)} ms: not yet`,
        `order.placed failed and is delivered again in ${use.pauseOf(200)} ms: not yet`,
      ]);
    });

    it('finally has the event among the dead letters, with the reason', async () => {
      const service = unique('billing');
      const { events } = await consumer(service, () => {
        throw new Error('no account at postgres://me:hunter2@db');
      });
      const id = await place(connect('orders'), 'a', 12);
      await soon(() => said('error')).toHaveLength(1);
      expect(events.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
      const letter = await use.bare.deadLetter(service);
      expect(letter).toMatchObject({
        id,
        source: 'orders',
        headers: {
          'x-dead-reason': 'retries exhausted',
          'x-dead-error': 'no account at postgres://***@db',
          'x-attempt': '3',
        },
      });
      expect(JSON.parse(String(letter.body))).toEqual({ orderId: 'a', total: 12 });
      expect(JSON.stringify([letter.headers, use.lines])).not.toContain('hunter2');
      await soon(() => use.bare.waiting(service)).toBe(0);
    });

    it('can say that a retry is useless', async () => {
      const service = unique('billing');
      const { events } = await consumer(service, () => {
        throw new RejectEventError('there is no such order');
      });
      await place(connect('orders'), 'a');
      await soon(() => use.bare.deadLetters(service)).toBe(1);
      expect(events).toHaveLength(1);
    });

    it('may time out, which its signal says', async () => {
      const signals: AbortSignal[] = [];
      const broker = connect(unique('billing'), { handlerTimeoutMs: 100, retryDelaysMs: [50] });
      broker.subscribe([
        handle(orderPlaced, async ({ attempt }, { signal }) => {
          signals.push(signal);
          if (attempt === 1) await sleep(5000, undefined, { ref: false });
        }),
      ]);
      await broker.start();
      await place(connect('orders'), 'a');
      await soon(() => signals.length).toBe(2);
      expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
      expect(said('warn').join()).toContain('the handler of order.placed took longer than 100 ms');
    });
  });

  describe('an invalid event', () => {
    it.each([
      ['not JSON', '{"orderId":'],
      ['not what the contract says', '{"orderId":12}'],
    ])('is a dead letter after the first attempt if it is %s', async (_name, body) => {
      const service = unique('billing');
      const { events, broker } = await consumer(service);
      await broker.send({ id: unique('poison'), name: orderPlaced.name, body, headers: {} });
      await soon(() => use.bare.deadLetters(service)).toBe(1);
      const letter = await use.bare.deadLetter(service);
      expect(letter).toMatchObject({ headers: { 'x-dead-reason': 'invalid', 'x-attempt': '1' } });
      expect(String(letter.body)).toBe(body);
      await place(broker, 'a');
      await soon(() => events.length).toBe(1);
    });

    it('may have no id, if the publisher is not ours', async () => {
      const service = unique('billing');
      await consumer(service);
      await use.bare.publish('{"orderId":"a","total":1}');
      await soon(() => use.bare.deadLetters(service)).toBe(1);
    });
  });

  describe('replayDeadLetters', () => {
    /** Three dead letters with the orders a, b and c. */
    async function letters(service: string) {
      let isBroken = true;
      const { events, ids } = await consumer(
        service,
        () => {
          if (isBroken) throw new Error('broken');
        },
        { retryDelaysMs: [] },
      );
      const orders = connect('orders');
      for (const order of ['a', 'b', 'c']) await place(orders, order);
      await soon(() => use.bare.deadLetters(service)).toBe(3);
      events.length = 0;
      return { ids, events, mend: () => (isBroken = false) };
    }
    const replay = (service: string, more: Log = log) =>
      adapter.replay(use.url, { service, subscribes: [orderPlaced], log: more });

    it('gives them to the same service again, as new events', async () => {
      const service = unique('billing');
      const { ids, events, mend } = await letters(service);
      const other = await consumer(unique('mail'));
      mend();
      expect(await replay(service)).toEqual({ 'order.placed': 3 });
      await soon(() => ids().sort()).toEqual(['a', 'b', 'c']);
      expect(events.map(({ attempt }) => attempt)).toEqual([1, 1, 1]);
      expect(await use.bare.deadLetters(service)).toBe(0);
      expect(await replay(service)).toEqual({ 'order.placed': 0 });
      expect(other.ids()).toEqual([]);
    });

    it('ends if they fail again, and keeps them', async () => {
      const service = unique('billing');
      await letters(service);
      for (const _ of [1, 2]) {
        expect(await replay(service)).toEqual({ 'order.placed': 3 });
        await soon(() => use.bare.deadLetters(service)).toBe(3);
      }
    });

    it('loses none if it ends halfway', async () => {
      const service = unique('billing');
      const { ids, mend } = await letters(service);
      mend();
      const info = vi
        .fn()
        .mockImplementationOnce(() => undefined)
        .mockImplementation(() => {
          throw new Error('killed');
        });
      await expect(replay(service, { ...log, info })).rejects.toThrow('killed');
      await soon(() => use.bare.deadLetters(service)).toBe(2);
      await replay(service);
      await soon(() => ids().sort()).toEqual(['a', 'b', 'c']);
    });

    it('works for a service that was never started', async () => {
      expect(await replay(unique('billing'))).toEqual({ 'order.placed': 0 });
    });
  });
}
