import type { Client } from '@connectrpc/connect';
import type { InventoryService } from '@org/inventory-proto';
import { OrderError, type NewOrder, type Order, type OrderStore } from './order-store.js';

export type Inventory = Client<typeof InventoryService>;

export type PlaceOrder = (order: NewOrder) => Promise<Order>;

/**
 * Writes an order down, reserves its stock and asks for its payment.
 *
 * @throws {OrderError} if it cannot be had.
 * @throws {ServiceCallError} if inventory does not answer. The order is cancelled then.
 */
export function placeOrder(
  orders: Pick<OrderStore, 'create' | 'move'>,
  inventory: Pick<Inventory, 'reserve'>,
): PlaceOrder {
  return async (newOrder) => {
    const { order, isNew } = await orders.create(newOrder);
    if (!isNew) return order;
    const { missingProductIds } = await inventory
      .reserve({ orderId: order.id, lines: [...newOrder.lines] })
      .catch(async (error: unknown) => {
        await orders.move(order.id, { kind: 'not-answered' });
        throw error;
      });
    if (missingProductIds.length > 0) {
      const products = missingProductIds.map((id) => `"${id}"`).join(', ');
      const reason = `there are too few of ${products}`;
      await orders.move(order.id, { kind: 'refused', reason });
      throw new OrderError(reason);
    }
    return orders.move(order.id, { kind: 'reserved', card: newOrder.card });
  };
}
