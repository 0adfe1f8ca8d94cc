import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { InventoryService } from '@org/inventory-proto';
import { runCalls } from './load.js';

/** Connect alone, as its manual shows it. */
void runCalls((url) => {
  const client = createClient(InventoryService, createGrpcTransport({ baseUrl: url }));
  return { reserve: (order) => client.reserve(order) };
});
