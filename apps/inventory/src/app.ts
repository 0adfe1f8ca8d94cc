import { createService, type Service } from '@org/chassis';
import { serviceKeys } from '@org/chassis/service-keys';
import { callerKeys } from './callers.js';
import { subgraph } from '@org/chassis/graphql';
import { grpcServer } from '@org/chassis/grpc';
import { InventoryService } from '@org/inventory-proto';
import type { Config } from './config.js';
import { inventoryHandlers } from './grpc/handlers.js';
import { stockResolvers } from './resolvers.js';
import { connectResources } from './resources.js';
import schema from './schema.graphql';
import { stockStore } from './stock-store.js';

/** The service without its port: main.ts starts it, tests use `app.inject`. */
export function createApp(config: Config, resources = connectResources(config)): Service {
  const stock = stockStore(resources);
  return createService({
    name: 'inventory',
    config,
    resources: Object.values(resources),
    metrics: () => import('@org/chassis/metrics'),
    grpc: grpcServer({
      port: config.GRPC_PORT,
      routes: (router) => {
        router.service(InventoryService, inventoryHandlers(stock));
      },
      keys: callerKeys(config),
      development: config.NODE_ENV === 'development',
    }),
    tracing: () => import('@org/chassis/tracing'),
    routes: async (app) => {
      await app.register(serviceKeys({ keys: callerKeys(config) }));
      await app.register(
        subgraph({
          schema,
          resolvers: stockResolvers(stock),
          development: config.NODE_ENV === 'development',
        }),
      );
    },
  });
}
