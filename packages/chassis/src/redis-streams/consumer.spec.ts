import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { eventMetrics } from '../events/event-metrics.js';
import { encodeEvent } from '../events/event-wire.js';
import { handle } from '../events/events.js';
import { NO_METER } from '../telemetry/meter.js';
import { rememberingLog } from '../testing/brokers/fixture.js';
import { orderChanged } from '../testing/order-placed.js';
import { EventConsumer } from './consumer.js';
import { entryFields, type Entry } from './message.js';
import type { HandlerQueue } from './queue.js';
import { handlerKeys } from './topology.js';

const PREFETCH = 3;
const ORDERS = 12;

/** A consumer of `ORDERS` events, on a server that does not answer that one was removed before `answer` is called. */
async function consuming(work: () => Promise<void>, partition?: number) {
  const event = encodeEvent(orderChanged, { orderId: 'a', step: 1 }, {}, {});
  const fields = entryFields({ ...event, source: 'orders' }).map(String);
  const left = Array.from({ length: ORDERS }, (_, index): Entry => [`${index + 1}-0`, fields]);
  let answer = (): void => undefined;
  const answered = new Promise<void>((resolve) => (answer = resolve));
  const queue: HandlerQueue = {
    keys: handlerKeys('events', 'billing', 'order.changed', partition),
    take: async (count) => {
      if (left.length === 0) await sleep(10);
      return left.splice(0, count);
    },
    tend: () => Promise.resolve(Infinity),
    keep: () => Promise.resolve(),
    finish: () => answered,
    pause: () => Promise.resolve(true),
    bury: () => Promise.resolve(true),
  };
  const { log } = rememberingLog();
  const consumer = new EventConsumer(handle(orderChanged, work), queue, () => Promise.resolve(), {
    ...{ service: 'billing', partition, prefetch: PREFETCH, handlerTimeoutMs: 5000 },
    ...{ retryDelaysMs: [], log: () => log, metrics: () => eventMetrics(NO_METER) },
  });
  await consumer.start();
  // Whatever it takes by itself, it has taken by then.
  await sleep(50);
  return { taken: () => ORDERS - left.length, answer, stop: () => consumer.stop() };
}

const quick = () => Promise.resolve();

it('takes as many events again while the server removes those that were handled, and no more', async () => {
  const { taken, answer, stop } = await consuming(quick);
  expect(taken()).toBe(2 * PREFETCH);
  answer();
  await expect.poll(taken).toBe(ORDERS);
  await stop();
});

it('takes no event with an order before the server has removed those that were handled', async () => {
  const { taken, answer, stop } = await consuming(quick, 0);
  expect(taken()).toBe(PREFETCH);
  answer();
  await expect.poll(taken).toBe(ORDERS);
  await stop();
});

it('takes no more events than it has handlers while these run', async () => {
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  const { taken, answer, stop } = await consuming(() => ended);
  expect(taken()).toBe(PREFETCH);
  end();
  answer();
  await expect.poll(taken).toBe(ORDERS);
  await stop();
});
