import { stringify } from 'yaml';
import { z } from 'zod';
import { routeCache } from './route-cache';
import { routeFields, routeHeaders } from './route-changes';
import { rateLimitSchema } from './route-limit';
import { rewritePath, routePath } from './route-path';
import { callTimeout } from './time';

export { RESERVED_PATHS, routePathProblem } from './route-path';

/** A path, or a path with options. */
export const routeSchema = z.union(
  [
    routePath,
    z.strictObject({
      path: routePath.describe('The path prefix'),
      rewrite: rewritePath
        .describe('The path under which the service itself serves it; "/" for its root')
        .optional(),
      auth: z.enum(['none']).describe('none: anybody may call it').optional(),
      rateLimit: rateLimitSchema
        .describe(
          'off: calls are not limited; or a limit of its own instead of that of the gateway',
        )
        .optional(),
      timeoutMs: callTimeout
        .describe('Timeout until the response starts, in milliseconds')
        .optional(),
      websocket: z.boolean().describe('Whether it accepts WebSockets').optional(),
      cache: routeCache.describe('Keeps responses for later callers').optional(),
      headers: routeHeaders.describe('Headers that the gateway sets and removes').optional(),
      fields: routeFields
        .describe('Fields of JSON responses that the gateway renames and removes')
        .optional(),
    }),
  ],
  { error: 'is not a route: give a path such as /api/orders, or a map with a path' },
);

export type RouteEntry = z.output<typeof routeSchema>;

/** A route with all options of a manifest. */
export type Route = Exclude<RouteEntry, string>;

/** How a manifest writes it: `/api/orders`, or `{ path: /api/login, auth: none }`. */
export function formatRoute(entry: RouteEntry): string {
  return stringify(entry, { collectionStyle: 'flow', lineWidth: 0 }).trim();
}

export function pathOf(entry: RouteEntry): string {
  return typeof entry === 'string' ? entry : entry.path;
}

export function toRoute(entry: RouteEntry): Route {
  return typeof entry === 'string' ? { path: entry } : entry;
}
