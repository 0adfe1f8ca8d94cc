import type { FastifyInstance } from 'fastify';

export interface Lifecycle {
  /** False while starting and from the first moment of stopping. */
  ready: boolean;
}

/** `/health`: the process is alive. `/ready`: it takes requests. */
export function healthRoutes(app: FastifyInstance, lifecycle: Lifecycle): void {
  app.get('/health', { logLevel: 'warn' }, async () => ({ status: 'ok' }));

  app.get('/ready', { logLevel: 'warn' }, async (_request, reply) => {
    reply.code(lifecycle.ready ? 200 : 503);
    return { ready: lifecycle.ready };
  });
}
