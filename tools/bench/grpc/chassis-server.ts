import { grpcServer, grpcVariables } from '../../../packages/chassis/src/grpc.js';
import { createService, runService } from '../../../packages/chassis/src/index.js';
import { InventoryService } from '@org/inventory-proto';
import { stock } from './stock.js';

/** The generated service. */
await runService('inventory', grpcVariables, (config) =>
  createService({
    name: 'inventory',
    config,
    metrics: () => import('../../../packages/chassis/src/metrics.js'),
    grpc: grpcServer({
      port: config.GRPC_PORT,
      routes: (router) => void router.service(InventoryService, stock),
    }),
  }),
);
