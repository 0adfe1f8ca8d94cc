import { describe, expect, it } from 'vitest';
import { nextMove, type OrderEvent, type OrderStatus } from './order-saga.js';

const CHARGED: OrderEvent = { kind: 'charged', paymentId: 'p1' };
const DECLINED: OrderEvent = { kind: 'declined', reason: 'no money' };
const TIMED_OUT: OrderEvent = { kind: 'timed-out' };

describe('the saga of an order', () => {
  it.each<[OrderStatus | undefined, OrderEvent, OrderStatus, string[]]>([
    [undefined, { kind: 'placed' }, 'charging', ['reserve-stock', 'request-payment']],
    ['charging', CHARGED, 'confirmed', ['announce-confirmed']],
    ['charging', DECLINED, 'cancelled', ['release-stock', 'announce-cancelled']],
    ['charging', TIMED_OUT, 'cancelled', ['release-stock', 'announce-cancelled']],
    ['cancelled', CHARGED, 'cancelled', ['request-refund']],
  ])('%s and %o: %s', (status, event, next, steps) => {
    const move = nextMove(status, event);
    expect(move?.status).toBe(next);
    expect(move?.steps.map(({ kind }) => kind)).toEqual(steps);
  });

  it.each<[OrderStatus | undefined, OrderEvent]>([
    ['charging', { kind: 'placed' }],
    ['confirmed', CHARGED],
    ['confirmed', DECLINED],
    ['confirmed', TIMED_OUT],
    ['cancelled', DECLINED],
    ['cancelled', TIMED_OUT],
    [undefined, CHARGED],
  ])('%s and %o: nothing is left to do', (status, event) => {
    expect(nextMove(status, event)).toBeUndefined();
  });
});
