import { fastify } from 'fastify';
import { workRoutes } from './work-routes.ts';

/** Fastify alone, with its own logger: the same service without the chassis. */
const app = fastify({ logger: true });
workRoutes(app);
app.get('/ready', { logLevel: 'warn' }, () => ({ ready: true }));
await app.listen({ host: '127.0.0.1', port: Number(process.env['PORT']) });
