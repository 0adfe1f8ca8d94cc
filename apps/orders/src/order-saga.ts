/**
 * The state of an order. In `reserving` and `cancelling`, inventory is called: outside of transactions, and again until the
 * order has another state.
 */
export type OrderStatus = 'reserving' | 'charging' | 'confirmed' | 'cancelling' | 'cancelled';

/** The state of a new order. */
export const FIRST_STATUS: OrderStatus = 'reserving';

/** Something that happened to an order. */
export type OrderEvent =
  | { kind: 'reserved'; card: string }
  /** Inventory answered that it has too little. */
  | { kind: 'refused'; reason: string }
  /** Inventory did not answer, so that nobody knows whether it has reserved anything. */
  | { kind: 'not-answered' }
  | { kind: 'charged'; paymentId: string }
  | { kind: 'declined'; reason: string }
  | { kind: 'timed-out' }
  | { kind: 'released' };

/** The next actions. All of them run in the transaction that changes the order's state. */
export type OrderStep =
  | { kind: 'request-payment'; card: string }
  | { kind: 'announce-confirmed' }
  | { kind: 'request-refund'; paymentId: string }
  | { kind: 'announce-cancelled' };

export interface Move {
  status: OrderStatus;
  /** Why the order is cancelled. */
  reason?: string;
  /** The customer may place the order again under the same idempotency key. */
  freesKey?: true;
  steps: readonly OrderStep[];
}

const NO_STOCK = 'the stock could not be reserved';

/**
 * The saga of an order: reserve stock, charge, confirm. If the charge fails, the reservation is released. If nobody knows
 * whether stock was reserved, it is released, too. If an answer comes after the order was given up, the charge is undone.
 */
export function nextMove(status: OrderStatus, event: OrderEvent): Move | undefined {
  switch (event.kind) {
    case 'reserved':
      if (status !== 'reserving') return undefined;
      return { status: 'charging', steps: [{ kind: 'request-payment', card: event.card }] };
    case 'refused':
      if (status !== 'reserving') return undefined;
      return { status: 'cancelled', reason: event.reason, freesKey: true, steps: [] };
    case 'not-answered':
      if (status !== 'reserving') return undefined;
      return { status: 'cancelling', reason: NO_STOCK, freesKey: true, steps: [] };
    case 'charged':
      if (status === 'charging') {
        return { status: 'confirmed', steps: [{ kind: 'announce-confirmed' }] };
      }
      if (status !== 'cancelling' && status !== 'cancelled') return undefined;
      return { status, steps: [{ kind: 'request-refund', paymentId: event.paymentId }] };
    case 'declined':
      if (status !== 'charging') return undefined;
      return { status: 'cancelling', reason: event.reason, steps: [] };
    case 'timed-out':
      if (status === 'reserving') return nextMove(status, { kind: 'not-answered' });
      if (status !== 'charging') return undefined;
      return { status: 'cancelling', reason: 'the payment took too long', steps: [] };
    case 'released':
      if (status !== 'cancelling') return undefined;
      return { status: 'cancelled', steps: [{ kind: 'announce-cancelled' }] };
  }
}
