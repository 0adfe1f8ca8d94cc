import fastifyRateLimit, { normalizeIP } from '@fastify/rate-limit';
import type { FastifyPluginAsync, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import type { Redis } from 'ioredis';
import { limitFailures } from '../auth/failure-limit.js';
import { formatReason } from '../errors/errors.js';
import type { EventLog } from '../telemetry/default-log.js';
import { limitFailedCallers } from './failed-callers.js';
import { answerCounted, limitOf, offerRouteLimiter, ROUTE_WINDOW_MS } from './route-limit.js';

export interface RateLimitOptions {
  /** The maximum number of requests with one key in a window. */
  max: number;
  windowMs: number;
  /** Redis, to count for all replicas together: `cache.client`. Without it, each replica counts for itself. */
  redis?: Redis;
  /**
   * The key to count by. Default: the user of the token, otherwise the address, with IPv6 by /64. Set `TRUST_PROXY`
   * behind a proxy.
   */
  key?: (request: FastifyRequest) => string;
  /** The prefix of its keys in Redis. Default `rate-limit:`. */
  prefix?: string;
}

/**
 * Answers 429 with `Retry-After` above the limit. It limits routes that are registered after it. A route's
 * `config.rateLimit` sets other numbers, or false. A route of a gateway can have its own limit instead: `rateLimit`.
 * While Redis is down, requests get through, because a failing cache must not stop the service.
 *
 * Callers that fail to authenticate are counted separately, by address. Above the limit, they are refused before a
 * token is checked.
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
  const keyOf = key ? (request: FastifyRequest) => `key:${key(request)}` : callerOf;
  const plugin: FastifyPluginAsync = async (app) => {
    await app.register(fastifyRateLimit, {
      max,
      timeWindow: windowMs,
      keyGenerator: keyOf,
      ...(redis && { redis: watch(redis, app.log), nameSpace: prefix }),
      skipOnError: true,
    });
    const counter = app.createRateLimit({
      max,
      timeWindow: windowMs,
      keyGenerator: (request) => `failed:${addressOf(request)}`,
    });
    limitFailures(app, limitFailedCallers(counter, addressOf));
    offerRouteLimiter(app, (path, limit) => {
      const count = app.createRateLimit({
        max: (request: FastifyRequest) => limitOf(limit, request.user),
        timeWindow: ROUTE_WINDOW_MS,
        keyGenerator: (request: FastifyRequest) => `route:${path}:${keyOf(request)}`,
      });
      return async (request, reply) => {
        const counted = await count(request);
        if (!counted.isAllowed) answerCounted(reply, counted);
      };
    });
  };
  return fp(plugin, { name: '@org/chassis/rate-limit', fastify: '5.x' });
}

/** With a prefix, so that a user and an address never have the same key. */
function callerOf(request: FastifyRequest): string {
  // Missing without `jwt`.
  const user = request.user as FastifyRequest['user'] | undefined;
  return typeof user?.sub === 'string' ? `user:${user.sub}` : `ip:${addressOf(request)}`;
}

/** Empty if the caller has hung up meanwhile, or came by a local socket. */
function addressOf({ ip }: { ip?: string }): string {
  return ip === undefined ? '' : normalizeIP(ip);
}

type Done = (error: Error | null, result?: unknown) => void;
type Command = (...args: unknown[]) => void;

/** The part of a Redis client that the store uses. It logs once that Redis fails and once that it is back. */
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
