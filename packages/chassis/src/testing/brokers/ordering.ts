import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Broker, BrokerOptions } from '../../events/broker.js';
import { ORDER, orderHash, partitionOf } from '../../events/event-order.js';
import { handle, RejectEventError, type EventMessage } from '../../events/events.js';
import { orderChanged } from '../order-placed.js';
import { soon, type BrokerFixture } from './fixture.js';

type OrderChanged = EventMessage<typeof orderChanged>;
type Options = Partial<BrokerOptions<readonly [typeof orderChanged]>>;

/** What is handled in which order if the contract says `orderBy`. */
export function describeOrdering(use: BrokerFixture): void {
  const { adapter, unique, said, log } = use;

  const connect = (service: string, options: Options = {}): Broker<typeof orderChanged> => {
    const broker = adapter.connect(use.url, {
      service,
      publishes: [orderChanged],
      retryDelaysMs: [200, 400],
      maxReconnectDelayMs: 300,
      log,
      ...options,
    });
    use.closeLater(broker);
    return broker;
  };

  async function consumer(
    service: string,
    work: (event: OrderChanged) => unknown,
    options: Options = {},
  ) {
    const broker = connect(service, options);
    broker.subscribe([
      handle(orderChanged, async (event) => {
        await work(event);
      }),
    ]);
    await broker.start();
    return broker;
  }

  /** Publishes steps of one order, each after the one before is confirmed. */
  async function change(broker: Broker<typeof orderChanged>, orderId: string, ...steps: number[]) {
    for (const step of steps) await broker.publish(orderChanged, { orderId, step });
  }

  const partition = (orderId: string) => partitionOf({ [ORDER]: orderHash(orderId) })!;

  /** An order whose events do not wait for those of `orderId`. */
  function besides(orderId: string): string {
    let n = 0;
    while (partition(`other-${n}`) === partition(orderId)) n++;
    return `other-${n}`;
  }

  describe('events with an order', () => {
    it('are handled one after the other by all replicas together, and different keys at the same time', async () => {
      const service = unique('billing');
      const running = new Set<string>();
      let overlaps = 0;
      const done = new Map<string, number[]>();
      let meet = (): void => undefined;
      // However slowly they arrive.
      const haveMet = new Promise<void>((resolve) => (meet = resolve));
      const work = async ({ data: { orderId, step } }: OrderChanged) => {
        if (running.has(orderId)) overlaps++;
        running.add(orderId);
        if (running.size > 1) meet();
        await haveMet;
        await sleep(5 + ((step * 7) % 20));
        running.delete(orderId);
        done.set(orderId, [...(done.get(orderId) ?? []), step]);
      };
      for (const _ of ['first', 'second']) await consumer(service, work);
      const orders = connect('orders');
      const names = Array.from({ length: 6 }, (_, n) => `order-${n}`);
      const steps = Array.from({ length: 10 }, (_, step) => step);
      await Promise.all(names.map((name) => change(orders, name, ...steps)));
      await soon(() => [...done.values()].flat().length).toBe(60);
      expect(overlaps).toBe(0);
      for (const name of names) expect([name, done.get(name)]).toEqual([name, steps]);
    });

    it('wait while one with the same key waits for a retry, and others do not', async () => {
      const other = besides('a');
      const seen: string[] = [];
      await consumer(unique('billing'), ({ data: { orderId, step }, attempt }) => {
        seen.push(`${orderId} ${step} ${attempt}`);
        if (orderId === 'a' && step === 2 && attempt < 3) throw new Error('not yet');
      });
      const orders = connect('orders');
      await change(orders, 'a', 1, 2, 3, 4);
      await soon(() => seen).toContain('a 2 1');
      await change(orders, other, 1);
      await soon(() => seen.filter((one) => one.startsWith('a'))).toEqual(
        ['1 1', '2 1', '2 2', '2 3', '3 1', '4 1'].map((one) => `a ${one}`),
      );
      expect(seen).toContain(`${other} 1 1`);
      expect(seen.indexOf(`${other} 1 1`)).toBeLessThan(seen.indexOf('a 3 1'));
      expect(said('warn')).toEqual([
        `order.changed failed and is delivered again in ${use.pauseOf(200)} ms: not yet`,
        `order.changed failed and is delivered again in ${use.pauseOf(400)} ms: not yet`,
      ]);
    });

    it('go on after one with the same key became a dead letter, which a replay brings later', async () => {
      const service = unique('billing');
      const seen: number[] = [];
      let isBroken = true;
      await consumer(service, ({ data: { step } }) => {
        seen.push(step);
        if (step === 1 && isBroken) throw new RejectEventError('no');
      });
      await change(connect('orders'), 'a', 1, 2);
      await soon(() => seen).toEqual([1, 2]);
      isBroken = false;
      const subscribes = [orderChanged];
      const report = await adapter.replay(use.url, { service, subscribes, log });
      expect(report).toEqual({ 'order.changed': 1 });
      await soon(() => seen).toEqual([1, 2, 1]);
    });

    it('do not overtake the event of a killed process', async () => {
      const service = unique('billing');
      const victim = await use.startProcess({
        SERVICE: service,
        WORK: 'hang',
      });
      const orders = connect('orders');
      await change(orders, 'a', 1, 2, 3);
      await victim.says('handling a');
      const seen: number[] = [];
      await consumer(service, ({ data: { step } }) => seen.push(step));
      await change(orders, 'a', 4);
      expect(seen).toEqual([]);
      await victim.kill();
      await use.bare.hurry?.(service, partition('a'));
      await soon(() => seen).toEqual([1, 2, 3, 4]);
    });

    it('do not overtake one that a stop interrupts between two attempts', async () => {
      const service = unique('billing');
      const seen: string[] = [];
      const first = await consumer(
        service,
        ({ data: { step } }) => {
          seen.push(`first ${step}`);
          throw new Error('not yet');
        },
        { retryDelaysMs: [3000] },
      );
      const orders = connect('orders');
      await change(orders, 'a', 1, 2);
      await soon(() => seen).toEqual(['first 1']);
      await soon(() => said('warn').length).toBe(1);
      await consumer(service, ({ data: { step } }) => seen.push(`second ${step}`));
      const started = performance.now();
      await first.close();
      expect(performance.now() - started).toBeLessThan(2000);
      await soon(() => seen).toEqual(['first 1', 'second 1', 'second 2']);
    });

    it('do not overtake one for which a stop waits', async () => {
      const service = unique('billing');
      const seen: string[] = [];
      let letGo = (): void => undefined;
      const held = new Promise<void>((resolve) => (letGo = resolve));
      const first = await consumer(service, async ({ data: { step } }) => {
        seen.push(`first ${step}`);
        await held;
        seen.push('end');
      });
      const orders = connect('orders');
      await change(orders, 'a', 1, 2, 3);
      await soon(() => seen).toEqual(['first 1']);
      await consumer(service, ({ data: { step } }) => seen.push(`second ${step}`));
      const closed = first.close();
      await sleep(500);
      expect(seen).toEqual(['first 1']);
      letGo();
      await closed;
      await soon(() => seen).toEqual(['first 1', 'end', 'second 2', 'second 3']);
    });

    it('wait for a known service that was never started', async () => {
      const service = unique('billing');
      await change(connect('orders', { subscribers: { 'order.changed': [service] } }), 'a', 1, 2);
      const seen: number[] = [];
      await consumer(service, ({ data: { step } }) => seen.push(step));
      await soon(() => seen).toEqual([1, 2]);
    });

    it('are handled without one if their publisher gave them none', async () => {
      const service = unique('billing');
      const seen: number[] = [];
      await consumer(service, ({ data: { step } }) => seen.push(step));
      const body = JSON.stringify({ orderId: 'a', step: 1 });
      await connect('orders').send({
        id: unique('old'),
        name: orderChanged.name,
        body,
        headers: {},
      });
      await soon(() => seen).toEqual([1]);
    });
  });
}
