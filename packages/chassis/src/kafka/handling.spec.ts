import { expect, it } from 'vitest';
import { eventMetrics } from '../events/event-metrics.js';
import { encodeEvent } from '../events/event-wire.js';
import { handle, RejectEventError, type EventMessage } from '../events/events.js';
import { NO_METER } from '../telemetry/meter.js';
import { orderChanged } from '../testing/order-placed.js';
import { rememberingLog } from '../testing/brokers/fixture.js';
import { EventHandling } from './handling.js';
import { ONLY_FOR, recordFields } from './message.js';
import { Partition, type Entry } from './partition.js';
import type { ConfirmingPublisher, OutgoingMessage } from './publisher.js';
import { handlerTopics } from './topology.js';

type OrderChanged = EventMessage<typeof orderChanged>;

function handling(work: (event: OrderChanged) => void) {
  const sent: OutgoingMessage[] = [];
  const publisher = {
    send: (message: OutgoingMessage) => Promise.resolve(void sent.push(message)),
  } as unknown as ConfirmingPublisher;
  const { log, said } = rememberingLog();
  const options = {
    ...{ service: 'billing', partition: undefined, prefetch: 10, handlerTimeoutMs: 1000 },
    ...{ retryDelaysMs: [200, 400], log: () => log, metrics: () => eventMetrics(NO_METER) },
  };
  const subscription = handle(orderChanged, (event) => Promise.resolve(work(event)));
  const topics = handlerTopics('events', 'billing', orderChanged, 2);
  const events = new EventHandling(subscription, topics, publisher, options, () => false);
  return { events, sent, said };
}

function entry(headers: Record<string, string> = {}): Entry {
  const event = encodeEvent(orderChanged, { orderId: 'a', step: 1 }, {}, headers);
  const { key, value, headers: all } = recordFields({ ...event, source: 'orders' });
  return {
    offset: 5n,
    key: key?.toString(),
    record: { key: key ?? null, value, headers: all },
    dueAt: 0,
  };
}

const lane = (isSerial: boolean) =>
  new Partition({ topic: 'topic', topicId: 'id', index: 0, offset: 5n, claims: 0, isSerial });

it('keeps an event with an order where it is until its attempts are used up', async () => {
  const attempts: number[] = [];
  const { events, sent, said } = handling(({ attempt }) => {
    attempts.push(attempt);
    throw new Error('not yet');
  });
  const first = entry();
  expect(await events.receive(lane(true), first)).toEqual({
    kind: 'again',
    afterMs: 200,
    attempt: 2,
  });
  const second = { ...first, attempt: 2 };
  expect(await events.receive(lane(true), second)).toEqual({
    kind: 'again',
    afterMs: 400,
    attempt: 3,
  });
  expect(sent).toEqual([]);
  expect(said('warn')).toEqual([
    'order.changed failed and is delivered again in 200 ms: not yet',
    'order.changed failed and is delivered again in 400 ms: not yet',
  ]);
  expect(await events.receive(lane(true), { ...first, attempt: 3 })).toEqual({ kind: 'done' });
  expect(attempts).toEqual([1, 2, 3]);
  expect(
    sent.map(({ topic, headers }) => [topic, headers['x-attempt'], headers['x-dead-reason']]),
  ).toEqual([['events-dead.billing.order.changed', '3', 'retries exhausted']]);
});

it('moves an event without an order to the topic of its pause', async () => {
  const { events, sent } = handling(() => {
    throw new Error('not yet');
  });
  expect(await events.receive(lane(false), entry())).toEqual({ kind: 'done' });
  expect(sent.map(({ topic }) => topic)).toEqual(['events-retry-1.billing.order.changed']);
});

it('leaves an event alone that is replayed for another service', async () => {
  const seen: number[] = [];
  const { events, sent } = handling(({ data }) => {
    seen.push(data.step);
    throw new RejectEventError('no');
  });
  expect(await events.receive(lane(true), entry({ [ONLY_FOR]: 'mail' }))).toEqual({ kind: 'done' });
  expect([seen, sent]).toEqual([[], []]);
  expect(await events.receive(lane(true), entry({ [ONLY_FOR]: 'billing' }))).toEqual({
    kind: 'done',
  });
  expect(seen).toEqual([1]);
  expect(sent[0]!.headers).not.toHaveProperty(ONLY_FOR);
});

it('gives the hash of its key to the server, and each event of a key the same', () => {
  expect(entry().key).toMatch(/^[0-9a-f]{8}$/);
  expect(entry().key).toBe(entry().key);
});
