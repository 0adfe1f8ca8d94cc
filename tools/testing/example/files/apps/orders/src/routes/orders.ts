import { formatMoney } from '@example/money';
import type { FastifyInstance } from 'fastify';
import { usersClient } from '../clients/users.js';
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
  const users = usersClient(config);
  app.get('/orders', async () => {
    const known = await users.get<User[]>('/users');
    return orders.map(({ item, buyer, cents }) => ({
      item,
      price: formatMoney(cents),
      buyer: known.find(({ id }) => id === buyer)?.name ?? 'nobody',
    }));
  });
}
