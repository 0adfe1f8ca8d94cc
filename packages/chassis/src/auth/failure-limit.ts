import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** Counts callers whose authentication failed. Given by `rateLimit`, asked by `jwt` and `serviceKeys`. */
export interface FailureLimit {
  /** Before a token or key is looked at. @throws a 429 for an address that failed too often. */
  check(request: FastifyRequest, reply: FastifyReply): void;
  count(request: FastifyRequest): Promise<void>;
}

const LIMIT = Symbol('limit of failed authentications');

/** For all routes that `app` sees; whether it comes before or after the plugins that ask it does not matter. */
export function limitFailures(app: FastifyInstance, limit: FailureLimit): void {
  if (!app.hasDecorator(LIMIT)) app.decorate(LIMIT, limit);
}

/** Undefined without `rateLimit`. */
export function failureLimitOf(request: FastifyRequest): FailureLimit | undefined {
  return (request.server as { [LIMIT]?: FailureLimit })[LIMIT];
}
