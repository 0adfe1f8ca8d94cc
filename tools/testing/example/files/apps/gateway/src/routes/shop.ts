import { formatMoney } from '@example/money';
import type { FastifyInstance } from 'fastify';
import { ordersClient } from '../clients/orders.js';
import { usersClient } from '../clients/users.js';
import type { Config } from '../config.js';

/** One answer out of all three services. */
export function shopRoutes(app: FastifyInstance, config: Config): void {
  const users = usersClient(config);
  const orders = ordersClient(config);
  app.get('/shop', async () => {
    const [members, placed] = await Promise.all([
      users.get<{ name: string }[]>('/users'),
      orders.get<object[]>('/orders'),
    ]);
    return { members: members.map(({ name }) => name), fee: formatMoney(250), orders: placed };
  });
}
