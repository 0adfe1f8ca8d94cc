import { randomUUID } from 'node:crypto';
import Fastify, { type FastifyInstance } from 'fastify';
import type { Config } from './config.js';
import { healthRoutes, type Lifecycle } from './routes/health.js';
import { helloRoutes } from './routes/hello.js';

/** The service without its port: main.ts listens, tests use `app.inject`. */
export function createApp(config: Config, lifecycle: Lifecycle): FastifyInstance {
  const app = Fastify({
    logger: { level: config.LOG_LEVEL },
    requestIdHeader: 'x-request-id',
    genReqId: () => randomUUID(),
  });
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
  });
  app.addHook('onSend', async (_request, reply) => {
    // A connection kept alive after its last answer would hold up the stop.
    if (!lifecycle.ready) reply.header('connection', 'close');
  });
  healthRoutes(app, lifecycle);
  helloRoutes(app);
  return app;
}
