import type { FastifyInstance } from 'fastify';

export const WORK_PATH = '/orders/42';

export function workRoutes(app: FastifyInstance): void {
  app.get<{ Params: { id: string } }>('/orders/:id', (request) => ({
    id: request.params.id,
    items: ['compiler', 'engine'],
    total: 124_950,
  }));
}
