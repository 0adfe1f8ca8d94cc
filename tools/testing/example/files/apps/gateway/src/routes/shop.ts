import { formatMoney } from '@example/money';
import type { FastifyInstance } from 'fastify';
import { callOrders } from '../clients/orders.js';
import { callUsers } from '../clients/users.js';
import type { Config } from '../config.js';

/** One answer out of all three services. */
export function shopRoutes(app: FastifyInstance, config: Config): void {
  app.get('/shop', async (request) => {
    const call = { requestId: request.id };
    const [users, orders] = await Promise.all([
      callUsers<{ name: string }[]>(config, '/users', call),
      callOrders<object[]>(config, '/orders', call),
    ]);
    return { members: users.map(({ name }) => name), fee: formatMoney(250), orders };
  });
}
