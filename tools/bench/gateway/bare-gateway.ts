import httpProxy from '@fastify/http-proxy';
import { fastify } from 'fastify';

/** @fastify/http-proxy alone, with the same log lines as our gateway. */
const app = fastify({ logger: true });
await app.register(httpProxy, {
  upstream: process.env['PROVIDER_URL']!,
  prefix: '/orders',
  rewritePrefix: '/orders',
  // Without the two additional lines per request that our gateway does not write.
  disableRequestLogging: true,
});
app.get('/ready', { logLevel: 'warn' }, () => ({ ready: true }));
await app.listen({ host: '127.0.0.1', port: Number(process.env['PORT']) });
