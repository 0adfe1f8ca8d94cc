import { createService, runService } from '@org/chassis';
import { gateway, type AggregatePart } from '@org/chassis/gateway';
import * as z from 'zod';

const variables = { USERS_URL: z.url(), ORDERS_URL: z.url(), PAYMENTS_URL: z.url() };

/** Three services behind one gateway, each with a route, and all of them together. */
await runService('gateway', variables, (config) => {
  const services = {
    users: config.USERS_URL,
    orders: config.ORDERS_URL,
    payments: config.PAYMENTS_URL,
  };
  const entries = Object.entries(services).map(([service, url]) => ({ service, url }));
  const parts: Record<string, AggregatePart> = {};
  for (const { service, url } of entries) {
    parts[service] = { service, url, path: `/api/${service}` };
  }
  const proxy = gateway({
    providers: [
      ...entries.map((one) => ({ ...one, routes: [{ path: `/api/${one.service}` }] })),
      { path: '/api/me', parts },
    ],
  });
  return createService({
    name: 'gateway',
    config,
    health: proxy.health,
    routes: async (app) => {
      await app.register(proxy.routes);
    },
  });
});
