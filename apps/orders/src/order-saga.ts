/** Where an order stands between what was asked of other services and what they answered. */
export type OrderStatus = 'charging' | 'confirmed' | 'cancelled';

/** What becomes known of an order. */
export type OrderEvent =
  | { kind: 'placed' }
  | { kind: 'charged'; paymentId: string }
  | { kind: 'declined'; reason: string }
  | { kind: 'timed-out' };

/** What is done next, all of it in the transaction that moves the order on. */
export type OrderStep =
  | { kind: 'reserve-stock' }
  | { kind: 'request-payment' }
  | { kind: 'announce-confirmed' }
  | { kind: 'release-stock' }
  | { kind: 'request-refund'; paymentId: string }
  | { kind: 'announce-cancelled'; reason: string };

export interface Move {
  status: OrderStatus;
  steps: readonly OrderStep[];
}

/**
 * The saga of an order: reserve stock, charge, confirm. Where the charge fails the reservation is
 * taken back; where an answer comes after the order was given up, the charge is.
 */
export function nextMove(status: OrderStatus | undefined, event: OrderEvent): Move | undefined {
  switch (event.kind) {
    case 'placed':
      if (status !== undefined) return undefined;
      return {
        status: 'charging',
        steps: [{ kind: 'reserve-stock' }, { kind: 'request-payment' }],
      };
    case 'charged':
      if (status === 'charging') {
        return { status: 'confirmed', steps: [{ kind: 'announce-confirmed' }] };
      }
      if (status !== 'cancelled') return undefined;
      return { status, steps: [{ kind: 'request-refund', paymentId: event.paymentId }] };
    case 'declined':
      return status === 'charging' ? cancel(event.reason) : undefined;
    case 'timed-out':
      return status === 'charging' ? cancel('the payment took too long') : undefined;
  }
}

function cancel(reason: string): Move {
  return {
    status: 'cancelled',
    steps: [{ kind: 'release-stock' }, { kind: 'announce-cancelled', reason }],
  };
}
