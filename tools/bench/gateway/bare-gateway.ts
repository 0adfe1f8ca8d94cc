import httpProxy from '@fastify/http-proxy';
import { fastify } from 'fastify';

/** @fastify/http-proxy alone, logging what ours logs. */
const app = fastify({ logger: true });
await app.register(httpProxy, {
  upstream: process.env['PROVIDER_URL']!,
  prefix: '/orders',
  rewritePrefix: '/orders',
  // Two lines more per request, which ours does not write.
  disableRequestLogging: true,
});
app.get('/ready', { logLevel: 'warn' }, () => ({ ready: true }));
await app.listen({ host: '127.0.0.1', port: Number(process.env['PORT']) });
