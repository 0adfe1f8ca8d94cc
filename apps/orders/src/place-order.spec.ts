import { beforeEach, describe, expect, it } from 'vitest';
import type { OrderEvent } from './order-saga.js';
import { OrderError, type Order } from './order-store.js';
import { placeOrder, type Inventory } from './place-order.js';

const ORDER: Order = {
  id: 'o1',
  customerId: 'c1',
  email: 'ada@example.com',
  status: 'reserving',
  total: 4900,
  reason: null,
};

const NEW = {
  customer: { id: 'c1', email: 'ada@example.com' },
  lines: [{ productId: 'lamp', quantity: 1 }],
  card: 'card_ok',
};

describe('placing an order', () => {
  let events: OrderEvent[];
  let isNew: boolean;

  const orders = {
    create: () => Promise.resolve({ order: ORDER, isNew }),
    move: (_id: string, event: OrderEvent) => {
      events.push(event);
      return Promise.resolve(ORDER);
    },
  };

  const place = (reserve: () => Promise<{ missingProductIds: string[] }>) =>
    placeOrder(orders, { reserve: reserve as unknown as Inventory['reserve'] })(NEW);

  beforeEach(() => {
    events = [];
    isNew = true;
  });

  it('asks for the payment when the stock is reserved', async () => {
    await place(() => Promise.resolve({ missingProductIds: [] }));
    expect(events).toEqual([{ kind: 'reserved', card: 'card_ok' }]);
  });

  it('is refused, with the product, if there is too little', async () => {
    const placed = place(() => Promise.resolve({ missingProductIds: ['lamp'] }));
    await expect(placed).rejects.toThrow(new OrderError('there are too few of "lamp"'));
    expect(events).toEqual([{ kind: 'refused', reason: 'there are too few of "lamp"' }]);
  });

  it('cancels the order if inventory does not answer, and says so', async () => {
    const failure = new Error('inventory did not answer');
    await expect(place(() => Promise.reject(failure))).rejects.toBe(failure);
    expect(events).toEqual([{ kind: 'not-answered' }]);
  });

  it('reserves nothing for an order that is there already', async () => {
    isNew = false;
    const placed = await place(() => Promise.reject(new Error('inventory was called')));
    expect([placed, events]).toEqual([ORDER, []]);
  });
});
