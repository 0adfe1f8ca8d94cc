import { createService, type Service } from '@org/chassis';
import { serviceKeys } from '@org/chassis/service-keys';
import { callerKeys } from './callers.js';
import { grpcServer } from '@org/chassis/grpc';
import { InventoryService } from '@org/inventory-proto';
import type { Config } from './config.js';
import { inventoryHandlers } from './grpc/handlers.js';
import { connectResources } from './resources.js';
import { stockStore } from './stock-store.js';

/** The service without its port: main.ts starts it, tests use `app.inject`. */
export function createApp(config: Config, resources = connectResources(config)): Service {
  return createService({
    name: 'inventory',
    config,
    resources: Object.values(resources),
    metrics: () => import('@org/chassis/metrics'),
    grpc: grpcServer({
      port: config.GRPC_PORT,
      routes: (router) => {
        router.service(InventoryService, inventoryHandlers(stockStore(resources)));
      },
      keys: callerKeys(config),
    }),
    tracing: () => import('@org/chassis/tracing'),
    routes: async (app) => {
      await app.register(serviceKeys({ keys: callerKeys(config) }));
    },
  });
}
