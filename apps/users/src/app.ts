import { createService, type Service } from '@org/chassis';
import { jwt } from '@org/chassis/auth';
import { openapi } from '@org/chassis/openapi';
import type { Config } from './config.js';
import { connectResources } from './resources.js';
import { userRoutes } from './routes/users.js';
import { tokenIssuer } from './tokens.js';
import { userStore } from './user-store.js';

/** The service without its port: main.ts starts it, tests use `app.inject`. */
export function createApp(config: Config, resources = connectResources(config)): Service {
  return createService({
    name: 'users',
    config,
    resources: Object.values(resources),
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
          title: 'users',
          version: config.SERVICE_VERSION,
        }),
      );
      userRoutes(app, userStore(resources), tokenIssuer(resources, config));
    },
  });
}
