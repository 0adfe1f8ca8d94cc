import type { Resource } from '@org/chassis';
import type { OrderStore } from './order-store.js';
import type { Inventory } from './place-order.js';
import { regularly } from './regularly.js';

/** After which a reservation is not under way any more: its calls have ended, or its process has. */
const RESERVATION_MS = 30_000;

/** Gives up orders whose reservation or payment was never answered. */
export function giveUpOrders(orders: Pick<OrderStore, 'giveUp'>, paymentMs: number): Resource {
  return regularly({
    name: 'order-deadline',
    pauseMs: 2000,
    work: async (log) => {
      const count = await orders.giveUp({ paymentMs, reservationMs: RESERVATION_MS });
      if (count > 0) log.warn({ count }, 'gave up on orders that waited for too long');
    },
  });
}

/** Releases the stock of orders that are being cancelled. Inventory takes it again if two replicas do this at once. */
export function releaseStock(
  orders: Pick<OrderStore, 'cancelling' | 'move'>,
  inventory: Pick<Inventory, 'release'>,
): Resource {
  return regularly({
    name: 'stock-release',
    pauseMs: 500,
    work: async (log) => {
      for (const orderId of await orders.cancelling()) {
        await inventory.release({ orderId });
        await orders.move(orderId, { kind: 'released' });
        log.info({ orderId }, 'stock released, order cancelled');
      }
    },
  });
}
