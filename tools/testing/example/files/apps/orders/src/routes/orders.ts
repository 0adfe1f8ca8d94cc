import { formatMoney } from '@example/money';
import type { FastifyInstance } from 'fastify';
import { callUsers } from '../clients/users.js';
import type { Config } from '../config.js';

interface User {
  id: number;
  name: string;
}

const orders = [
  { item: 'compiler', buyer: 2, cents: 4950 },
  { item: 'engine', buyer: 1, cents: 120_000 },
];

/** Every order with its buyer's name, which users knows. */
export function ordersRoutes(app: FastifyInstance, config: Config): void {
  app.get('/orders', async (request) => {
    const users = await callUsers<User[]>(config, '/users', { requestId: request.id });
    return orders.map(({ item, buyer, cents }) => ({
      item,
      price: formatMoney(cents),
      buyer: users.find(({ id }) => id === buyer)?.name ?? 'nobody',
    }));
  });
}
