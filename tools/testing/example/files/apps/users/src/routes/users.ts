import type { FastifyInstance } from 'fastify';

const users = [
  { id: 1, name: 'Ada' },
  { id: 2, name: 'Grace' },
];

export function usersRoutes(app: FastifyInstance): void {
  app.get('/users', async () => users);
}
