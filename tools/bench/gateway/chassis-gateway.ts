import { createService, runService } from '@org/chassis';
import { jwt } from '@org/chassis/auth';
import { gateway } from '@org/chassis/gateway';
import { rateLimit } from '@org/chassis/rate-limit';
import * as z from 'zod';

const variables = {
  PROVIDER_URL: z.url(),
  PUBLIC_KEY: z.string().optional(),
  REMEMBERED_TOKENS: z.coerce.number().optional(),
  RATE_LIMIT: z.coerce.number().optional(),
};

/** The generated gateway, with the features that its variables turn on. */
await runService('gateway', variables, (config) => {
  const { PROVIDER_URL: url, PUBLIC_KEY: publicKey, RATE_LIMIT: max } = config;
  const proxy = gateway({ providers: [{ service: 'orders', url, routes: [{ path: '/orders' }] }] });
  return createService({
    name: 'gateway',
    config,
    health: proxy.health,
    routes: async (app) => {
      if (publicKey !== undefined) {
        const options = { issuer: 'bench', audience: 'bench', algorithms: ['RS256'] } as const;
        const rememberedTokens = config.REMEMBERED_TOKENS;
        await app.register(jwt({ publicKey, rememberedTokens, ...options }));
      }
      if (max !== undefined) await app.register(rateLimit({ max, windowMs: 60_000 }));
      await app.register(proxy.routes);
    },
  });
});
