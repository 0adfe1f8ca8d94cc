import { createService, type Service } from '@org/chassis';
import { apiDocs } from '@org/chassis/api-docs';
import { jwt } from '@org/chassis/auth';
import { gateway } from '@org/chassis/gateway';
import { graphqlGateway } from '@org/chassis/graphql-gateway';
import { rateLimit } from '@org/chassis/rate-limit';
import type { Config } from './config.js';
import operations from './persisted-operations.json' with { type: 'json' };
import { providerRoutes } from './provider-routes.js';
import { connectResources } from './resources.js';
import { subgraphs } from './subgraphs.js';
import supergraph from './supergraph.graphql';

/** The service without its port: main.ts starts it, tests use `app.inject`. */
export function createApp(config: Config, resources = connectResources(config)): Service {
  const providers = providerRoutes(config);
  const proxy = gateway({ providers });
  return createService({
    name: 'gateway',
    config,
    resources: Object.values(resources),
    metrics: () => import('@org/chassis/metrics'),
    tracing: () => import('@org/chassis/tracing'),
    health: proxy.health,
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
        rateLimit({
          max: config.RATE_LIMIT,
          windowMs: 60_000,
          redis: resources.rateLimit.client,
        }),
      );
      await app.register(
        apiDocs({
          title: 'gateway',
          version: config.SERVICE_VERSION,
          providers,
          auth: 'jwt',
        }),
      );
      await app.register(
        graphqlGateway({
          supergraph,
          subgraphs: subgraphs(config),
          persisted: {
            operations,
            only: config.GRAPHQL_PERSISTED_ONLY === 'on',
          },
          development: config.NODE_ENV === 'development',
        }),
      );
      await app.register(proxy.routes);
    },
  });
}
