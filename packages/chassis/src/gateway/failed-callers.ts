import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FailureLimit } from '../auth/failure-limit.js';
import { HttpError } from '../errors/errors.js';

/** The maximum number of remembered addresses. The oldest are dropped first. */
const MAX_ADDRESSES = 10_000;

/** The result of `app.createRateLimit`: counts one more for a request's key. */
export type Counter = (
  request: FastifyRequest,
) => Promise<{ isAllowed: true } | { isAllowed: false; remaining: number; ttl: number }>;

/**
 * Refuses addresses that have failed to authenticate as often as the limit allows, until the window ends. Refused
 * addresses are kept in memory, so a refusal does not need the store and costs almost nothing.
 */
export function limitFailedCallers(
  counter: Counter,
  addressOf: (request: FastifyRequest) => string,
): FailureLimit {
  const refusedUntil = new Map<string, number>();

  function refuse(address: string, ms: number): void {
    refusedUntil.delete(address);
    refusedUntil.set(address, performance.now() + ms);
    if (refusedUntil.size <= MAX_ADDRESSES) return;
    for (const oldest of refusedUntil.keys()) {
      refusedUntil.delete(oldest);
      break;
    }
  }

  return {
    check(request: FastifyRequest, reply: FastifyReply) {
      if (isFree(request)) return;
      const address = addressOf(request);
      const leftMs = (refusedUntil.get(address) ?? 0) - performance.now();
      if (leftMs <= 0) return void refusedUntil.delete(address);
      reply.header('retry-after', Math.ceil(leftMs / 1000));
      throw new HttpError(429, 'too many failed attempts to authenticate');
    },
    async count(request: FastifyRequest) {
      if (isFree(request)) return;
      const counted = await counter(request);
      if (!counted.isAllowed && counted.remaining === 0 && counted.ttl > 0) {
        refuse(addressOf(request), counted.ttl);
      }
    },
  };
}

/** A route with `rateLimit: false`, unless it has a limit of its own. */
function isFree({ routeOptions }: FastifyRequest): boolean {
  const { rateLimit, hasOwnLimit } = routeOptions.config;
  return rateLimit === false && hasOwnLimit !== true;
}
