import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** Counts callers whose authentication failed. Set by `rateLimit`, used by `jwt` and `serviceKeys`. */
export interface FailureLimit {
  /** Called before a token or key is checked. @throws a 429 for an address that failed too often. */
  check(request: FastifyRequest, reply: FastifyReply): void;
  count(request: FastifyRequest): Promise<void>;
}

const LIMIT = Symbol('limit of failed authentications');

/** Makes the limit available to all routes of `app`. The order of plugins does not matter. */
export function limitFailures(app: FastifyInstance, limit: FailureLimit): void {
  if (!app.hasDecorator(LIMIT)) app.decorate(LIMIT, limit);
}

/** Undefined without `rateLimit`. */
export function failureLimitOf(request: FastifyRequest): FailureLimit | undefined {
  return (request.server as { [LIMIT]?: FailureLimit })[LIMIT];
}
