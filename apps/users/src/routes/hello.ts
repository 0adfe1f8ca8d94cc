import type { FastifyInstance } from 'fastify';
import * as z from 'zod';

const query = z.object({ name: z.string().min(1).max(100).default('world') });

export function helloRoutes(app: FastifyInstance): void {
  app.get('/hello', async (request, reply) => {
    const { data, error } = query.safeParse(request.query);
    if (error) return reply.code(400).send({ error: z.prettifyError(error) });
    return { message: `Hello ${data.name}, this is users` };
  });
}
