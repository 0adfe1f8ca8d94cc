import { createService, runService } from '@org/chassis';
import { jwt } from '@org/chassis/auth';
import { graphqlGateway } from '@org/chassis/graphql-gateway';
import * as z from 'zod';

const variables = {
  SUPERGRAPH: z.string(),
  CATALOG_URL: z.url(),
  REVIEWS_URL: z.url(),
  PUBLIC_KEY: z.string().optional(),
};

/** The generated gateway, with tokens if there is a key. */
await runService('gateway', variables, (config) =>
  createService({
    name: 'gateway',
    config,
    routes: async (app) => {
      if (config.PUBLIC_KEY !== undefined) {
        const options = { issuer: 'bench', audience: 'bench', algorithms: ['RS256'] } as const;
        await app.register(jwt({ publicKey: config.PUBLIC_KEY, ...options }));
      }
      await app.register(
        graphqlGateway({
          supergraph: config.SUPERGRAPH,
          subgraphs: [
            { name: 'catalog', url: config.CATALOG_URL },
            { name: 'reviews', url: config.REVIEWS_URL },
          ],
        }),
      );
    },
  }),
);
