import { HttpError } from '@org/chassis';
import type { ServiceImpl } from '@connectrpc/connect';
import type { InventoryService } from '@org/inventory-proto';
import * as z from 'zod';
import type { StockStore } from '../stock-store.js';

const orderId = z.uuid();
const lines = z
  .array(z.object({ productId: z.string().min(1).max(50), quantity: z.int().min(1).max(100) }))
  .min(1)
  .max(50);
const order = z.object({ orderId, lines });

/** What each method answers. */
export function inventoryHandlers(
  stock: Pick<StockStore, 'reserve' | 'release'>,
): ServiceImpl<typeof InventoryService> {
  return {
    async reserve(request) {
      const wanted = valid(order, request);
      return { missingProductIds: await stock.reserve(wanted.orderId, wanted.lines) };
    },
    async release(request) {
      await stock.release(valid(orderId, request.orderId));
      return {};
    },
  };
}

function valid<T>(schema: z.ZodType<T>, given: unknown): T {
  const { data, error } = schema.safeParse(given);
  if (error) throw new HttpError(400, z.prettifyError(error));
  return data as T;
}
