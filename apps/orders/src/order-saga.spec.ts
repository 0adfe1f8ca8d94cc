import { describe, expect, it } from 'vitest';
import { nextMove, type Move, type OrderEvent, type OrderStatus } from './order-saga.js';

const RESERVED: OrderEvent = { kind: 'reserved', card: 'card_ok' };
const REFUSED: OrderEvent = { kind: 'refused', reason: 'no lamps' };
const NOT_ANSWERED: OrderEvent = { kind: 'not-answered' };
const CHARGED: OrderEvent = { kind: 'charged', paymentId: 'p1' };
const DECLINED: OrderEvent = { kind: 'declined', reason: 'no money' };
const TIMED_OUT: OrderEvent = { kind: 'timed-out' };
const RELEASED: OrderEvent = { kind: 'released' };

const EVERY_STATUS = ['reserving', 'charging', 'confirmed', 'cancelling', 'cancelled'] as const;

const noStock: Move = {
  status: 'cancelling',
  reason: 'the stock could not be reserved',
  freesKey: true,
  steps: [],
};
const refund = [{ kind: 'request-refund' as const, paymentId: 'p1' }];

describe('the saga of an order', () => {
  const moves: [OrderEvent, Partial<Record<OrderStatus, Move>>][] = [
    [
      RESERVED,
      {
        reserving: { status: 'charging', steps: [{ kind: 'request-payment', card: 'card_ok' }] },
      },
    ],
    [
      REFUSED,
      { reserving: { status: 'cancelled', reason: 'no lamps', freesKey: true, steps: [] } },
    ],
    [NOT_ANSWERED, { reserving: noStock }],
    [
      CHARGED,
      {
        charging: { status: 'confirmed', steps: [{ kind: 'announce-confirmed' }] },
        cancelling: { status: 'cancelling', steps: refund },
        cancelled: { status: 'cancelled', steps: refund },
      },
    ],
    [DECLINED, { charging: { status: 'cancelling', reason: 'no money', steps: [] } }],
    [
      TIMED_OUT,
      {
        reserving: noStock,
        charging: { status: 'cancelling', reason: 'the payment took too long', steps: [] },
      },
    ],
    [RELEASED, { cancelling: { status: 'cancelled', steps: [{ kind: 'announce-cancelled' }] } }],
  ];

  it.each(moves)('after %o', (event, expected) => {
    const found = EVERY_STATUS.map((status) => [status, nextMove(status, event)]);
    expect(Object.fromEntries(found.filter(([, move]) => move !== undefined))).toEqual(expected);
  });
});
