import type { Client } from '@connectrpc/connect';
import { createGrpcClient } from '@org/chassis/grpc';
import { InventoryService } from '@org/inventory-proto';
import type { Config } from '../config.js';

/** Calls inventory over gRPC: each call has a time limit, and is retried if that is safe. */
export function inventoryGrpcClient(
  config: Pick<Config, 'MICROSERVICE_INVENTORY_GRPC_URL' | 'MICROSERVICE_INVENTORY_KEY'>,
): Client<typeof InventoryService> {
  return createGrpcClient('inventory', InventoryService, {
    url: config.MICROSERVICE_INVENTORY_GRPC_URL,
    // Customers wait for it.
    timeoutMs: 1000,
    serviceKey: config.MICROSERVICE_INVENTORY_KEY,
  });
}
