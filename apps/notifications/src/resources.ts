// Kept by `nx sync` from service.yml: the datastores and the broker that this service uses.
import { command, connectionUrl, secret, type Config } from '@org/chassis';
import { rabbitmq, replayDeadLetters } from '@org/chassis/rabbitmq';
import { redis } from '@org/chassis/redis';

export const resourceVariables = {
  CACHE_REDIS_URL: secret(connectionUrl('redis')),
  BROKER_URL: secret(connectionUrl('rabbitmq')),
};

type ResourceConfig = Config<typeof resourceVariables>;

export function connectResources(config: ResourceConfig) {
  return {
    cache: redis(config.CACHE_REDIS_URL),
    broker: rabbitmq(config.BROKER_URL, {
      service: 'notifications',
    }),
  };
}

export type Resources = ReturnType<typeof connectResources>;

/** The commands of `node main.js <command>`, which run instead of the server. */
export const commands = {
  'replay-dead-letters': command(
    { BROKER_URL: resourceVariables.BROKER_URL },
    ({ BROKER_URL: url }, log) =>
      replayDeadLetters(url, {
        service: 'notifications',
        subscribes: [{ name: 'order.confirmed' }, { name: 'order.cancelled' }],
        log,
      }),
  ),
};

/** Commands that `nx serve` runs before the server: in development, nothing else runs them. */
export const inDevelopment: readonly string[] = [];
