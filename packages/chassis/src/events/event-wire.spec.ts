import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { attemptOf, decodeEvent, encodeEvent, InvalidEventError } from './event-wire.js';
import { defineEvent } from './events.js';

const orderPlaced = defineEvent(
  'order.placed',
  z.object({ orderId: z.string(), total: z.number(), placedAt: z.coerce.date().optional() }),
);

const received = (body: string, more: object = {}) => ({
  id: 'event-1',
  body: Buffer.from(body),
  headers: {},
  source: 'orders',
  ...more,
});

describe('encodeEvent', () => {
  it('writes what decodeEvent reads', () => {
    const placedAt = new Date('2026-11-21T10:00:00Z');
    const event = encodeEvent(orderPlaced, { orderId: 'a', total: 3, placedAt });
    const { id, headers } = event;
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    const decoded = decodeEvent(orderPlaced, received(event.body as string, { id, headers }));
    expect(decoded).toMatchObject({
      id,
      name: 'order.placed',
      data: { orderId: 'a', total: 3, placedAt },
      source: 'orders',
      attempt: 1,
    });
    expect(Math.abs(Date.now() - decoded.occurredAt.getTime())).toBeLessThan(5000);
  });

  it('leaves out fields that the contract does not have', () => {
    const data = { orderId: 'a', total: 3, cardNumber: '4111' };
    expect(encodeEvent(orderPlaced, data).body).toBe('{"orderId":"a","total":3}');
  });

  it('accepts an id, so that the same event can be published again', () => {
    const data = { orderId: 'a', total: 3 };
    expect(encodeEvent(orderPlaced, data, { id: 'order-a' }).id).toBe('order-a');
    expect(() => encodeEvent(orderPlaced, data, { id: '' })).toThrow('its id must have 1 to 255');
  });

  it('says where data is invalid, without showing the data', () => {
    const data = { orderId: 'hunter2', total: 'hunter2' } as never;
    const encode = () => encodeEvent(orderPlaced, data);
    expect(encode).toThrow(InvalidEventError);
    expect(encode).toThrow(/^order\.placed is not valid: total: /);
    expect(encode).not.toThrow(/hunter2/);
  });

  it('refuses data that subscribers would refuse', () => {
    const dated = defineEvent('order.dated', z.object({ at: z.date() }));
    expect(() => encodeEvent(dated, { at: new Date() })).toThrow('once it is JSON: at: ');
    const counted = defineEvent('order.counted', z.object({ count: z.bigint() }));
    expect(() => encodeEvent(counted, { count: 1n })).toThrow('cannot be JSON');
    const nothing = defineEvent('order.nothing', z.undefined());
    expect(() => encodeEvent(nothing, undefined)).toThrow('cannot be JSON');
  });

  it('refuses more than a mebibyte', () => {
    const data = { orderId: 'a'.repeat(1024 * 1024), total: 3 };
    expect(() => encodeEvent(orderPlaced, data)).toThrow('bytes; 1048576 at most');
  });
});

describe('decodeEvent', () => {
  it.each([
    ['{"orderId":"hunter2"', {}, 'is not JSON'],
    ['{"orderId":"hunter2"}', {}, 'total: '],
    ['{"orderId":"hunter2","total":3}', { id: undefined }, 'has no id'],
  ])('refuses %s %o', (body, more, problem) => {
    const decode = () => decodeEvent(orderPlaced, received(body, more));
    expect(decode).toThrow(InvalidEventError);
    expect(decode).toThrow(problem);
    expect(decode).not.toThrow(/hunter2/);
  });

  it('accepts fields that a newer publisher added', () => {
    const body = '{"orderId":"a","total":3,"currency":"EUR"}';
    expect(decodeEvent(orderPlaced, received(body)).data).toEqual({ orderId: 'a', total: 3 });
  });
});

it.each([
  [{}, 1],
  [{ 'x-attempt': '3' }, 3],
  [{ 'x-attempt': '0' }, 1],
  [{ 'x-attempt': 'many' }, 1],
])('attemptOf(%o) is %i', (headers, attempt) => {
  expect(attemptOf(headers)).toBe(attempt);
});
