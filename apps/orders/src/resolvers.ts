import { HttpError } from '@org/chassis';
import type { Resolvers } from '@org/chassis/graphql';
import type { Order } from './order-store.js';
import type { Product } from './product-list.js';

interface ShopData {
  products: () => Promise<Product[]>;
  orders: (customerId: string) => Promise<Order[]>;
  order: (customerId: string, id: string) => Promise<Order | undefined>;
}

/** What each field of schema.graphql answers. */
export function shopResolvers({ products, orders, order }: ShopData): Resolvers {
  return {
    Query: {
      products: () => products(),
      orders: (_parent, _arguments, { request }) => orders(request.user!.sub!),
    },
    // Other services refer to these by their keys.
    Product: {
      __resolveReference: async ({ id }: { id: string }) =>
        found(
          (await products()).find((one) => one.id === id),
          `there is no product ${id}`,
        ),
    },
    Order: {
      __resolveReference: async ({ id }: { id: string }, { request }) =>
        found(await order(request.user!.sub!, id), `there is no order ${id}`),
    },
  };
}

function found<T>(value: T | undefined, otherwise: string): T {
  if (value === undefined) throw new HttpError(404, otherwise);
  return value;
}
