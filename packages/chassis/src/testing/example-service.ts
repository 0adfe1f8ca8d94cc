import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { createService, runService, type Resource, type ResourceKind } from '../index.js';

const seconds = z.coerce.number().default(0);

/** A service that specs run as a separate process and send signals to. */
await runService(
  'example',
  { CLOSE_MS: seconds, DATABASE: z.enum(['up', 'down']).default('up') },
  (config) => {
    const resource = (name: string, kind: ResourceKind): Resource => ({
      name,
      kind,
      check: () =>
        name === 'database' && config.DATABASE === 'down'
          ? Promise.reject(new Error('refused'))
          : Promise.resolve(),
      close: async () => {
        await sleep(config.CLOSE_MS);
        service.app.log.info(`closed ${name}`);
      },
    });
    const service = createService({
      name: 'example',
      config,
      metrics: () => import('../metrics.js'),
      resources: [
        resource('database', 'database'),
        resource('cache', 'cache'),
        resource('broker', 'broker'),
      ],
      routes: (app) => {
        app.get('/slow/:ms', async (request) => {
          const { ms } = request.params as { ms: string };
          await sleep(Number(ms));
          return { waited: ms };
        });
        app.get('/stream', (_request, reply) => {
          reply.raw.writeHead(200, { 'content-type': 'text/plain' });
          reply.raw.write('begin ');
          setTimeout(() => reply.raw.end('end'), 500);
          return reply.hijack();
        });
        app.get('/events', (_request, reply) => {
          reply.raw.writeHead(200, { 'Content-Type': 'text/event-stream' });
          // Keeps running, like a handler that does not notice the end.
          setInterval(() => reply.raw.write('data: tick\n\n'), 20);
          return reply.hijack();
        });
        app.post('/echo', (request) => ({ got: request.body }));
        app.post('/throw', () => {
          setImmediate(() => {
            throw new Error('nobody catches this');
          });
          return {};
        });
      },
    });
    return service;
  },
);
