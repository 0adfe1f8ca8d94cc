import { setTimeout as sleep } from 'node:timers/promises';
import { fastify } from 'fastify';

const DELAY_MS = Number(process.env['DELAY_MS']);

/** Answers every path after a while, as a service with a slow database does. */
const app = fastify({ logger: true });
app.get('/ready', { logLevel: 'warn' }, () => ({ ready: true }));
app.get('/*', async ({ url }) => {
  await sleep(DELAY_MS);
  return { url, items: Array.from({ length: 20 }, (_, id) => ({ id, name: `item ${id}` })) };
});
await app.listen({ host: '127.0.0.1', port: Number(process.env['PORT']) });
