import { createService, type Service } from '@org/chassis';
import { jwt } from '@org/chassis/auth';
import { openapi } from '@org/chassis/openapi';
import type { Config } from './config.js';
import { connectResources } from './resources.js';
import { usersClient } from './clients/users.js';
import { orderStore } from './order-store.js';
import { paymentDeadline } from './payment-deadline.js';
import { orderRoutes } from './routes/orders.js';
import { subscriptions } from './subscriptions.js';

/** The service without its port: main.ts starts it, tests use `app.inject`. */
export function createApp(config: Config, resources = connectResources(config)): Service {
  const orders = orderStore(resources);
  resources.broker.subscribe(subscriptions(resources));
  return createService({
    name: 'orders',
    config,
    resources: [...Object.values(resources), paymentDeadline(orders, config.PAYMENT_DEADLINE_MS)],
    metrics: () => import('@org/chassis/metrics'),
    tracing: () => import('@org/chassis/tracing'),
    routes: async (app) => {
      await app.register(
        jwt({
          jwksUrl: config.JWT_JWKS_URL,
          issuer: config.JWT_ISSUER,
          audience: config.JWT_AUDIENCE,
          algorithms: ['RS256', 'ES256'],
        }),
      );
      await app.register(
        openapi({
          title: 'orders',
          version: config.SERVICE_VERSION,
        }),
      );
      orderRoutes(app, { orders, users: usersClient(config), resources });
    },
  });
}
