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

/** What `node main.js <command>` does in place of serving. */
export const commands = {};

/** Those that run before serving on a developer's machine, where nothing else runs them. */
export const inDevelopment: readonly string[] = [];
