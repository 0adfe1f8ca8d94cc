import { runInContext } from '../../../packages/chassis/src/context/request-context.js';
import { createGrpcClient } from '../../../packages/chassis/src/grpc.js';
import { InventoryService } from '@org/inventory-proto';
import { runCalls } from './load.js';

/** The generated client, called while a request is answered: its id and its deadline are passed on. */
void runCalls((url) => {
  const client = createGrpcClient('inventory', InventoryService, { url });
  return {
    reserve: (order) => {
      const deadline = performance.now() + 60_000;
      return runInContext({ requestId: order.orderId, deadline }, () => client.reserve(order));
    },
  };
});
