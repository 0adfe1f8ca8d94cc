import { HttpError } from '@org/chassis';
import type { FastifyInstance } from 'fastify';
import * as z from 'zod';

const query = z.object({ name: z.string().min(1).max(100).default('world') });

export function helloRoutes(app: FastifyInstance): void {
  app.get('/hello', async (request) => {
    const { data, error } = query.safeParse(request.query);
    if (error) throw new HttpError(400, z.prettifyError(error));
    return { message: `Hello ${data.name}, this is users` };
  });
}
