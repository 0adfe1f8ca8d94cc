// Kept by `nx sync` from service.yml: the datastores and the broker that this service uses.
import { connectionUrl, secret, type Config } from '@org/chassis';
import { redis } from '@org/chassis/redis';

export const resourceVariables = {
  RATE_LIMIT_REDIS_URL: secret(connectionUrl('redis')),
};

type ResourceConfig = Config<typeof resourceVariables>;

export function connectResources(config: ResourceConfig) {
  return {
    rateLimit: redis(config.RATE_LIMIT_REDIS_URL, { name: 'rate-limit' }),
  };
}

export type Resources = ReturnType<typeof connectResources>;

/** The commands of `node main.js <command>`, which run instead of the server. */
export const commands = {};

/** Commands that `nx serve` runs before the server: in development, nothing else runs them. */
export const inDevelopment: readonly string[] = [];
