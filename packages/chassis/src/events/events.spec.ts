import { describe, expect, expectTypeOf, it } from 'vitest';
import * as z from 'zod';
import {
  defineEvent,
  handle,
  type EventData,
  type EventInput,
  type OrderField,
  type Publisher,
} from './events.js';

const orderPlaced = defineEvent(
  'order.placed',
  z.object({ orderId: z.string(), placedAt: z.coerce.date(), note: z.string().default('') }),
);
const orderPaid = defineEvent('order.paid', z.object({ orderId: z.string() }));

describe('defineEvent', () => {
  it.each(['order.placed', 'order.line-added', 'v2.order.placed'])(
    'accepts the name %s',
    (name) => {
      expect(defineEvent(name, z.object({})).name).toBe(name);
    },
  );

  it.each(['', 'order', 'Order.Placed', 'order.', '.placed', 'order:placed', 'order.*', 'order.#'])(
    'refuses the name "%s"',
    (name) => {
      expect(() => defineEvent(name, z.object({}))).toThrow(
        `the event "${name}" must be named like order.placed`,
      );
    },
  );

  it('refuses a name that is too long for a queue', () => {
    expect(() => defineEvent(`order.${'a'.repeat(95)}`, z.object({}))).toThrow(TypeError);
  });
});

describe('orderBy', () => {
  const schema = z.object({
    orderId: z.string(),
    number: z.number(),
    note: z.string().optional(),
    placedAt: z.coerce.date(),
  });

  it('is a part of the contract', () => {
    expect(defineEvent('order.placed', schema, { orderBy: 'orderId' }).orderBy).toBe('orderId');
    expect(defineEvent('order.placed', schema, { orderBy: 'number' }).orderBy).toBe('number');
    expect(defineEvent('order.placed', schema)).not.toHaveProperty('orderBy');
  });

  it('is a field that is always a string or a number', () => {
    expectTypeOf<OrderField<typeof schema>>().toEqualTypeOf<'orderId' | 'number'>();
    // @ts-expect-error it is a date
    defineEvent('order.placed', schema, { orderBy: 'placedAt' });
    // @ts-expect-error it may be missing
    defineEvent('order.placed', schema, { orderBy: 'note' });
    // @ts-expect-error there is no such field
    defineEvent('order.placed', schema, { orderBy: 'customer' });
  });
});

describe('types', () => {
  it('are those of the contract', () => {
    expectTypeOf<EventData<typeof orderPlaced>>().toEqualTypeOf<{
      orderId: string;
      placedAt: Date;
      note: string;
    }>();
    expectTypeOf<EventInput<typeof orderPlaced>['note']>().toEqualTypeOf<string | undefined>();
    handle(orderPlaced, (event) => {
      expectTypeOf(event.name).toEqualTypeOf<'order.placed'>();
      expectTypeOf(event.data.placedAt).toEqualTypeOf<Date>();
      // @ts-expect-error the contract has no such field
      return Promise.resolve(event.data.total as unknown);
    });
  });

  it('let a publisher publish the events that it declared, and nothing else', () => {
    const publish = (_publisher: Publisher<typeof orderPaid>) => [
      () => _publisher.publish(orderPaid, { orderId: 'a' }),
      // @ts-expect-error the field has another name
      () => _publisher.publish(orderPaid, { order: 'a' }),
      // @ts-expect-error it is another event
      () => _publisher.publish(orderPlaced, { orderId: 'a', placedAt: new Date() }),
    ];
    expectTypeOf(publish).toBeFunction();
    expectTypeOf<Publisher<typeof orderPaid | typeof orderPlaced>>().toExtend<
      Publisher<typeof orderPaid>
    >();
  });
});
