import { expect, it } from 'vitest';
import * as z from 'zod';
import { ORDER, orderHash, partitionOf, PARTITIONS } from './event-order.js';
import { encodeEvent, InvalidEventError } from './event-wire.js';
import { defineEvent, type EventContract } from './events.js';
import { openBroker, type Transport } from './open-broker.js';

// Publishers and consumers of different versions must agree on these.
it.each([
  ['a', 'ca978112', 2],
  ['1', '6b86b273', 3],
  [1, '6b86b273', 3],
])('gives the key %j always the same partition', (key, hash, partition) => {
  expect(orderHash(key)).toBe(hash);
  expect(partitionOf({ [ORDER]: hash })).toBe(partition);
  expect(PARTITIONS).toHaveLength(8);
});

it.each([{}, { [ORDER]: '' }, { [ORDER]: 'ca97811' }, { [ORDER]: 'CA978112' }])(
  'gives none to an event with the headers %j',
  (headers) => {
    expect(partitionOf(headers as Record<string, string>)).toBeUndefined();
  },
);

const ordered = defineEvent('order.changed', z.object({ orderId: z.string() }), {
  orderBy: 'orderId',
});

it('is in the headers of an event, without the key itself', () => {
  expect(encodeEvent(ordered, { orderId: 'a' }).headers).toMatchObject({ [ORDER]: 'ca978112' });
  expect(
    encodeEvent({ ...ordered, orderBy: undefined }, { orderId: 'a' }).headers,
  ).not.toHaveProperty(ORDER);
});

it('refuses an event whose key is missing', () => {
  const contract: EventContract = { ...ordered, schema: z.object({}) };
  expect(() => encodeEvent(contract, {})).toThrow(InvalidEventError);
});

it('is refused by a broker that cannot keep it', () => {
  const transport = { destination: 'events' } as Transport;
  const refusal = 'nats cannot keep the order of order.changed: remove "orderBy" from its contract';
  expect(() =>
    openBroker('nats', { service: 'orders', publishes: [ordered] }, () => transport),
  ).toThrow(refusal);
  const broker = openBroker('nats', { service: 'billing' }, () => transport);
  const subscription = { contract: ordered, handler: () => Promise.resolve() };
  expect(() => broker.subscribe([subscription])).toThrow(refusal);
});
