/** The state of an order: what other services were asked, and what they answered. */
export type OrderStatus = 'charging' | 'confirmed' | 'cancelled';

/** Something that happened to an order. */
export type OrderEvent =
  | { kind: 'placed' }
  | { kind: 'charged'; paymentId: string }
  | { kind: 'declined'; reason: string }
  | { kind: 'timed-out' };

/** The next actions. All of them run in the transaction that changes the order's state. */
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
 * The saga of an order: reserve stock, charge, confirm. If the charge fails, the reservation is undone.
 * If an answer comes after the order was given up, the charge is undone.
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
