import type { Resolvers } from '@org/chassis/graphql';
import type { StockStore } from './stock-store.js';

/** What each field of schema.graphql answers. */
export function stockResolvers(stock: Pick<StockStore, 'available' | 'inStock'>): Resolvers {
  return {
    Query: { inStock: () => stock.inStock() },
    Product: {
      // Other services refer to a product by its key.
      __resolveReference: async ({ id }: { id: string }) => ({
        id,
        available: await stock.available(id),
      }),
    },
  };
}
