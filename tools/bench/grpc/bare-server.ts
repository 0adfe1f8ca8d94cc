import { createServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { InventoryService } from '@org/inventory-proto';
import { stock } from './stock.js';

/** Connect alone. */
const { PORT, GRPC_PORT } = process.env;
const adapter = connectNodeAdapter({ routes: (router) => router.service(InventoryService, stock) });
createHttp2Server(adapter).listen(Number(GRPC_PORT), '127.0.0.1', () => {
  createServer((_request, response) => response.end('{}')).listen(Number(PORT), '127.0.0.1');
});
