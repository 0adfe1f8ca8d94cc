import { createService, type Service } from '@org/chassis';
import { jwt } from '@org/chassis/auth';
import { subgraph } from '@org/chassis/graphql';
import { openapi } from '@org/chassis/openapi';
import type { Config } from './config.js';
import { connectResources } from './resources.js';
import { inventoryGrpcClient } from './clients/inventory-grpc.js';
import { usersClient } from './clients/users.js';
import { giveUpOrders, releaseStock } from './order-chores.js';
import { orderStore } from './order-store.js';
import { placeOrder } from './place-order.js';
import { listProducts } from './product-list.js';
import { shopResolvers } from './resolvers.js';
import { orderRoutes } from './routes/orders.js';
import schema from './schema.graphql';
import { subscriptions } from './subscriptions.js';

/** The service without its port: main.ts starts it, tests use `app.inject`. */
export function createApp(config: Config, resources = connectResources(config)): Service {
  const orders = orderStore(resources);
  const inventory = inventoryGrpcClient(config);
  resources.broker.subscribe(subscriptions(resources));
  return createService({
    name: 'orders',
    config,
    resources: [
      ...Object.values(resources),
      giveUpOrders(orders, config.PAYMENT_DEADLINE_MS),
      releaseStock(orders, inventory),
    ],
    metrics: () => import('@org/chassis/metrics'),
    tracing: () => import('@org/chassis/tracing'),
    routes: async (app) => {
      await app.register(
        jwt({
          jwksUrl: config.JWT_JWKS_URL,
          issuer: config.JWT_ISSUER,
          audience: config.JWT_AUDIENCE,
          algorithms: ['RS256', 'ES256'],
        }),
      );
      await app.register(
        openapi({
          title: 'orders',
          version: config.SERVICE_VERSION,
        }),
      );
      await app.register(
        subgraph({
          schema,
          resolvers: shopResolvers({
            products: () => listProducts(resources),
            orders: orders.list,
            order: orders.find,
          }),
          development: config.NODE_ENV === 'development',
        }),
      );
      orderRoutes(app, {
        orders,
        place: placeOrder(orders, inventory),
        users: usersClient(config),
        resources,
      });
    },
  });
}
