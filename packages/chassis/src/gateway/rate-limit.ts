import fastifyRateLimit from '@fastify/rate-limit';
import type { FastifyPluginAsync, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import type { Redis } from 'ioredis';
import { formatReason } from '../errors/errors.js';
import type { EventLog } from '../telemetry/default-log.js';

export interface RateLimitOptions {
  /** Requests of one key in a window. */
  max: number;
  windowMs: number;
  /** Counts for all replicas: `cache.client`. Without it each replica counts for itself. */
  redis?: Redis;
  /** Who is limited. Default: the client's address, IPv6 by /64. Behind a proxy set Fastify's `trustProxy`. */
  key?: (request: FastifyRequest) => string;
  /** Tells the keys in Redis apart from others. Default `rate-limit:`. */
  prefix?: string;
}

/**
 * Answers 429 with `Retry-After` past the limit. Routes that are registered after it are limited;
 * `config.rateLimit` of a route takes other numbers, or false. While Redis is down requests get
 * through: a cache must not take the service with it.
 */
export function rateLimit({
  max,
  windowMs,
  redis,
  key,
  prefix = 'rate-limit:',
}: RateLimitOptions): FastifyPluginAsync {
  for (const [name, value] of Object.entries({ max, windowMs })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new TypeError(`rateLimit: ${name} must be a whole number above 0`);
    }
  }
  const plugin: FastifyPluginAsync = async (app) => {
    await app.register(fastifyRateLimit, {
      max,
      timeWindow: windowMs,
      ...(key && { keyGenerator: key }),
      ...(redis && { redis: watch(redis, app.log), nameSpace: prefix }),
      skipOnError: true,
    });
  };
  return fp(plugin, { name: '@org/chassis/rate-limit', fastify: '5.x' });
}

type Done = (error: Error | null, result?: unknown) => void;
type Command = (...args: unknown[]) => void;

/** The part of a Redis client that the store uses, saying once that Redis fails and once that it is back. */
function watch(redis: Redis, log: EventLog): object {
  let failing = false;
  const note = (error: Error | null) => {
    if ((error !== null) === failing) return;
    failing = error !== null;
    if (failing) log.warn(`rate limits are off: Redis fails: ${formatReason(error)}`);
    else log.info('rate limits are on again: Redis answers');
  };
  const commands = redis as unknown as Record<string, Command>;
  const watched: Record<string, unknown> = {
    defineCommand(name: string, definition: { lua: string; numberOfKeys?: number }) {
      redis.defineCommand(name, definition);
      watched[name] = (...args: unknown[]) => {
        const done = args.pop() as Done;
        commands[name]?.(...args, (error: Error | null, result: unknown) => {
          note(error);
          done(error, result);
        });
      };
    },
  };
  return watched;
}
