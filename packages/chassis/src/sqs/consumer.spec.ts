import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it, vi } from 'vitest';
import { eventMetrics } from '../events/event-metrics.js';
import { encodeEvent } from '../events/event-wire.js';
import { handle } from '../events/events.js';
import { NO_METER } from '../telemetry/meter.js';
import { rememberingLog } from '../testing/brokers/fixture.js';
import { orderPlaced } from '../testing/order-placed.js';
import { EventConsumer } from './consumer.js';
import { MissingRightError } from './errors.js';
import type { HandlerQueue, Taken } from './queue.js';
import { handlerNames, WORKING_MS } from './topology.js';

afterEach(() => void vi.useRealTimers());

const PREFETCH = 3;

function taken(n: number): Taken {
  const event = encodeEvent(orderPlaced, { orderId: String(n), total: 1 });
  const received = { ...event, body: Buffer.from(event.body), source: 'orders' };
  return { received, messageId: `m${n}`, receipt: `r${n}`, at: performance.now() };
}

/** A consumer of a queue from which the test gives events. */
function consuming(work: () => Promise<void>, own: Partial<HandlerQueue> = {}) {
  const asked: { count: number; waitMs: number; give: (events: Taken[]) => void }[] = [];
  const done: string[] = [];
  const note = (step: string, { receipt }: Taken) =>
    Promise.resolve(void done.push(`${step} ${receipt}`));
  const queue: HandlerQueue = {
    names: handlerNames('shop', 'billing', orderPlaced.name, false),
    isOrdered: false,
    declare: () => Promise.resolve(),
    take: (count, waitMs, signal) =>
      new Promise((give, reject) => {
        asked.push({ count, waitMs, give });
        signal.addEventListener('abort', () => reject(new Error('Request aborted')));
      }),
    keep: (one) => note('keep', one),
    finish: (one) => note('finish', one),
    pause: (one, delayMs) => note(`pause ${delayMs}`, one),
    bury: (one, reason) => note(`bury ${reason}`, one),
    ...own,
  };
  const { log, said } = rememberingLog();
  const consumer = new EventConsumer(handle(orderPlaced, work), queue, {
    ...{ service: 'billing', partition: undefined, prefetch: PREFETCH, handlerTimeoutMs: 60_000 },
    ...{
      retryDelaysMs: [100],
      log: () => log,
      metrics: () => eventMetrics(NO_METER),
      pollMs: 20_000,
    },
  });
  return { consumer, asked, done, said };
}

/** Lets everything happen that needs no time. */
const settle = async () => {
  for (let turn = 0; turn < 5; turn++) await nextTurn();
};

it('asks for as many events as it has free handlers', async () => {
  const ends: (() => void)[] = [];
  const { consumer, asked, done } = consuming(() => new Promise((end) => ends.push(end)));
  await consumer.start();
  expect(asked).toMatchObject([{ count: 3, waitMs: 20_000 }]);
  asked[0]!.give([taken(1), taken(2)]);
  await settle();
  expect(asked[1]).toMatchObject({ count: 1 });
  asked[1]!.give([taken(3)]);
  await settle();
  expect(asked).toHaveLength(2);
  ends[0]!();
  await settle();
  expect(done).toEqual(['finish r1']);
  expect(asked[2]).toMatchObject({ count: 1 });
  for (const end of ends) end();
  await consumer.stop();
});

it('says that a handler runs while it does', async () => {
  vi.useFakeTimers();
  let end = (): void => undefined;
  const { consumer, asked, done } = consuming(() => new Promise((resolve) => (end = resolve)));
  await consumer.start();
  asked[0]!.give([taken(1)]);
  await vi.advanceTimersByTimeAsync(4 * WORKING_MS);
  expect(done).toEqual(Array.from({ length: 4 }, () => 'keep r1'));
  end();
  await vi.advanceTimersByTimeAsync(4 * WORKING_MS);
  expect(done.slice(4)).toEqual(['finish r1']);
  await consumer.stop();
});

it('warns once if it may not say so', async () => {
  vi.useFakeTimers();
  const keep = () => Promise.reject(new MissingRightError('not allowed'));
  let end = (): void => undefined;
  const { consumer, asked, said } = consuming(() => new Promise((stop) => (end = stop)), { keep });
  await consumer.start();
  asked[0]!.give([taken(1)]);
  await vi.advanceTimersByTimeAsync(4 * WORKING_MS);
  end();
  await consumer.stop();
  expect(said('warn')).toEqual([
    'what takes longer than 15 s is handled again beside itself: not allowed',
  ]);
});

it('waits in whole seconds before a retry', async () => {
  const fails = () => Promise.reject(new Error('not yet'));
  const { consumer, asked, done, said } = consuming(fails);
  await consumer.start();
  asked[0]!.give([taken(1)]);
  await settle();
  expect(done).toEqual(['pause 1000 r1']);
  expect(said('warn')).toEqual(['order.placed failed and is delivered again in 1000 ms: not yet']);
  await consumer.stop();
});

it('gives an event back that it cannot move to the dead letters', async () => {
  const bury = vi.fn(() => Promise.reject(new Error('denied')));
  const fails = () => Promise.reject(new Error('broken'));
  const { consumer, asked, done, said } = consuming(fails, { bury });
  await consumer.start();
  const one = taken(1);
  const last = { ...one.received, headers: { ...one.received.headers, 'x-attempt': '2' } };
  asked[0]!.give([{ ...one, received: last }]);
  await expect.poll(() => bury.mock.calls.length).toBeGreaterThan(1);
  // Otherwise, it tries for as long as the event is its own.
  await consumer.stop();
  expect(done).toEqual(['pause 1000 r1']);
  expect(said('error')).toEqual(['order.placed could not be moved, and comes again: denied']);
});

it('gives back at once what arrives during a stop', async () => {
  const work = vi.fn(() => Promise.resolve());
  let give: (events: Taken[]) => void = () => undefined;
  const take = () => new Promise<Taken[]>((resolve) => (give = resolve));
  const { consumer, done } = consuming(work, { take });
  await consumer.start();
  const stopped = consumer.stop();
  give([taken(1)]);
  await stopped;
  expect(work).not.toHaveBeenCalled();
  expect(done).toEqual(['pause 0 r1']);
});

it('asks without waiting after a problem, until it is over', async () => {
  let isBroken = true;
  const waits: number[] = [];
  const { consumer, said } = consuming(() => Promise.resolve(), {
    take: async (_count, waitMs, signal) => {
      waits.push(waitMs);
      if (isBroken) throw new Error('no answer');
      if (waitMs > 0) await sleep(waitMs, undefined, { signal });
      return [];
    },
  });
  await consumer.start();
  const problem = 'shop_billing_order_placed is not consumed: no answer';
  await expect.poll(() => consumer.problem).toBe(problem);
  isBroken = false;
  await expect.poll(() => waits).toEqual([20_000, 0, 20_000]);
  expect(consumer.problem).toBeUndefined();
  expect(said('warn')).toEqual([problem]);
  await consumer.stop();
});
