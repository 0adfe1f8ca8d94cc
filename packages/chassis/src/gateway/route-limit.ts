import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { HttpError } from '../errors/errors.js';

/** The limit of one route, instead of that of the gateway. Each caller is counted for each such route. */
export interface RouteLimit {
  /** The maximum number of requests of one caller in a minute. */
  perMinute: number;
  /** Other numbers for classes of callers. Callers without a token are `anonymous`. */
  classes?: Readonly<Record<string, number>>;
  /** The claim of the token that has the class of a caller, or a list of classes. */
  classClaim?: string;
}

export const ROUTE_WINDOW_MS = 60_000;

/** The class of callers without a token. */
const ANONYMOUS = 'anonymous';

/** How many requests a caller with these claims may send in a minute. If it has several classes, the highest number. */
export function limitOf(
  { perMinute, classes = {}, classClaim }: RouteLimit,
  user: Readonly<Record<string, unknown>> | null | undefined,
): number {
  if (!user) return classOf(classes, ANONYMOUS) ?? perMinute;
  const claim = classClaim === undefined ? undefined : user[classClaim];
  const names = (Array.isArray(claim) ? claim : [claim]).filter(
    // A token must not be able to call itself anonymous.
    (name): name is string => typeof name === 'string' && name !== ANONYMOUS,
  );
  const limits = names.flatMap((name) => classOf(classes, name) ?? []);
  return limits.length === 0 ? perMinute : Math.max(...limits);
}

function classOf(classes: Readonly<Record<string, number>>, name: string): number | undefined {
  return Object.hasOwn(classes, name) ? classes[name] : undefined;
}

export type LimitRoute = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

/** Makes the limiter of one route. */
export type RouteLimiter = (path: string, limit: RouteLimit) => LimitRoute;

const LIMITER = Symbol('limiter of routes');

type WithLimiter = FastifyInstance & { [LIMITER]?: RouteLimiter };

/** Makes a limiter known to the routes that are registered later. */
export function offerRouteLimiter(app: FastifyInstance, limiter: RouteLimiter): void {
  app.decorate(LIMITER, limiter);
}

/** @throws {TypeError} if no limits are counted, because the route would have none. */
export function routeLimiter(app: FastifyInstance, path: string, limit: RouteLimit): LimitRoute {
  const limiter = (app as WithLimiter)[LIMITER];
  if (limiter) return limiter(path, limit);
  throw new TypeError(
    `gateway: ${path} has a rate limit, but nothing counts: register rateLimit() of @org/chassis/rate-limit before the routes`,
  );
}

/** The configuration of a route in Fastify: its own limiter counts instead of the common one. */
export function limitConfig(limit: 'off' | RouteLimit | undefined) {
  if (limit === undefined) return {};
  return { rateLimit: false as const, ...(typeof limit === 'object' && { hasOwnLimit: true }) };
}

/** What `app.createRateLimit` counts. */
export interface Counted {
  max: number;
  remaining: number;
  ttlInSeconds: number;
  isExceeded: boolean;
}

/** @throws a 429 above the limit. */
export function answerCounted(
  reply: FastifyReply,
  { max, remaining, ttlInSeconds, isExceeded }: Counted,
): void {
  reply.headers({
    'x-ratelimit-limit': max,
    'x-ratelimit-remaining': remaining,
    'x-ratelimit-reset': ttlInSeconds,
  });
  if (!isExceeded) return;
  reply.header('retry-after', ttlInSeconds);
  throw new HttpError(429, `Rate limit exceeded, retry in ${ttlInSeconds} s`);
}
