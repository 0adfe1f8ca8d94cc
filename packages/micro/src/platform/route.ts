import { z } from 'zod';

/** Paths that every service, or the gateway itself, answers. */
export const RESERVED_PATHS = ['/health', '/ready', '/metrics', '/openapi.json', '/docs'] as const;

/** Segments of characters that need no escape in a URL (RFC 3986) and have no special meaning in a router. */
const ROUTE_PATH = /^(?:\/[A-Za-z0-9._~-]+)+$/;

/** Why `path` is not a valid route; `undefined` if it is valid. */
export function routePathProblem(path: string): string | undefined {
  if (!path.startsWith('/')) return 'a route starts with "/"';
  if (path === '/')
    return '"/" would match all paths, also those of other services: name one, such as /api';
  if (!ROUTE_PATH.test(path) || /\/\.\.?(?:\/|$)/.test(path)) {
    return `"${path}" is not a plain path: write segments of letters, digits, ".", "_", "~" and "-", such as /api/orders; paths below it are served too`;
  }
  const reserved = RESERVED_PATHS.find((own) => path === own || path.startsWith(`${own}/`));
  return reserved === undefined
    ? undefined
    : `"${path}" is reserved: the gateway itself answers ${reserved}`;
}

const routePath = z
  .string()
  .superRefine((path, context) => {
    const problem = routePathProblem(path);
    if (problem) context.addIssue({ code: 'custom', message: problem });
  })
  .meta({ pattern: ROUTE_PATH.source });

/** A path, or a path with options. */
export const routeSchema = z.union(
  [
    routePath,
    z.strictObject({
      path: routePath.describe('The path prefix'),
      auth: z.enum(['none']).describe('none: anybody may call it').optional(),
      rateLimit: z.enum(['off']).describe('off: calls are not limited').optional(),
      timeoutMs: z
        .int()
        .min(1)
        .max(3_600_000)
        .describe('Timeout until the response starts, in milliseconds')
        .optional(),
      websocket: z.boolean().describe('Whether it accepts WebSockets').optional(),
    }),
  ],
  { error: 'is not a route: give a path such as /api/orders, or a map with a path' },
);

export type RouteEntry = z.output<typeof routeSchema>;

/** A route with all options of a manifest. */
export type Route = Exclude<RouteEntry, string>;

/** How a manifest writes it: `/api/orders`, or `{ path: /api/login, auth: none }`. */
export function formatRoute(entry: RouteEntry): string {
  if (typeof entry === 'string') return entry;
  const facts = Object.entries(entry).filter(([, value]) => value !== undefined);
  return `{ ${facts.map(([key, value]) => `${key}: ${value}`).join(', ')} }`;
}

export function pathOf(entry: RouteEntry): string {
  return typeof entry === 'string' ? entry : entry.path;
}

export function toRoute(entry: RouteEntry): Route {
  return typeof entry === 'string' ? { path: entry } : entry;
}
