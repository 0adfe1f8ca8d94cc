import fastifyRateLimit, { normalizeIP } from '@fastify/rate-limit';
import type { FastifyPluginAsync, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import type { Redis } from 'ioredis';
import { limitFailures } from '../auth/failure-limit.js';
import { formatReason } from '../errors/errors.js';
import type { EventLog } from '../telemetry/default-log.js';
import { limitFailedCallers } from './failed-callers.js';

export interface RateLimitOptions {
  /** Requests of one key in a window. */
  max: number;
  windowMs: number;
  /** Counts for all replicas: `cache.client`. Without it each replica counts for itself. */
  redis?: Redis;
  /** Who is limited. Default: the user of the token, else the address, IPv6 by /64. Behind a proxy set `TRUST_PROXY`. */
  key?: (request: FastifyRequest) => string;
  /** Tells the keys in Redis apart from others. Default `rate-limit:`. */
  prefix?: string;
}

/**
 * Answers 429 with `Retry-After` past the limit. Routes that are registered after it are limited;
 * `config.rateLimit` of a route takes other numbers, or false. While Redis is down requests get
 * through: a cache must not take the service with it.
 *
 * Who fails to authenticate is counted apart, by address, and past the limit refused before a token is checked.
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
      keyGenerator: key ? (request) => `key:${key(request)}` : callerOf,
      ...(redis && { redis: watch(redis, app.log), nameSpace: prefix }),
      skipOnError: true,
    });
    const counter = app.createRateLimit({
      max,
      timeWindow: windowMs,
      keyGenerator: (request) => `failed:${addressOf(request)}`,
    });
    limitFailures(app, limitFailedCallers(counter, addressOf));
  };
  return fp(plugin, { name: '@org/chassis/rate-limit', fastify: '5.x' });
}

/** With words before them, so that no user can be called as an address is. */
function callerOf(request: FastifyRequest): string {
  // Not there without `jwt`.
  const user = request.user as FastifyRequest['user'] | undefined;
  return typeof user?.sub === 'string' ? `user:${user.sub}` : `ip:${addressOf(request)}`;
}

/** None of a caller that has hung up meanwhile, or that came by a local socket. */
function addressOf({ ip }: { ip?: string }): string {
  return ip === undefined ? '' : normalizeIP(ip);
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
