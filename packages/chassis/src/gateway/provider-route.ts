import type { ResponseCache } from './cached-answer.js';
import type { FieldChanges } from './json-fields.js';
import type { RouteLimit } from './route-limit.js';

// An import would load Node's fetch client: see `status-codes.ts`.
const { validateHeaderName, validateHeaderValue } = process.getBuiltinModule('node:http');

/** Changes of headers. Names are compared without case. */
export interface HeaderChanges {
  /** Replaces the header, or adds it. */
  set?: Readonly<Record<string, string>>;
  remove?: readonly string[];
}

/** A path that a provider serves, with all paths below it. */
export interface ProviderRoute {
  /** `/api/orders` includes `/api/orders/12`, but not `/api/orders-archive`. */
  path: string;
  /**
   * The path under which the provider serves it, `/` for its root: with `/v2/orders`, `/api/orders/12` reaches the
   * provider as `/v2/orders/12`. Default: `path`.
   */
  rewrite?: string;
  /** `none`: open to everyone, no token needed. */
  auth?: 'none';
  /** `off`: calls are not counted for the rate limit. Or a limit of this route, instead of that of the gateway. */
  rateLimit?: 'off' | RouteLimit;
  /** Time limit until the answer begins. */
  timeoutMs?: number;
  /** Whether WebSockets may be opened on it. */
  websocket?: boolean;
  /** Changes of what the provider gets, and of its answers. */
  headers?: { request?: HeaderChanges; response?: HeaderChanges };
  /** Keeps answers for later callers: `responseCache()` of `@org/chassis/response-cache`. */
  cache?: ResponseCache;
  /** Changes of the fields of JSON answers. Such an answer is read before it is passed on. */
  fields?: FieldChanges;
}

export interface Provider {
  service: string;
  /** Base URL. */
  url: string;
  routes: readonly ProviderRoute[];
}

/** A base URL as requests need it. */
export interface BaseUrl {
  origin: string;
  /** `''` for the root, otherwise without a final slash. */
  path: string;
}

export function parseBaseUrl(url: string): BaseUrl {
  const { origin, pathname } = new URL(url);
  return { origin, path: pathname.replace(/\/$/, '') };
}

/** Where the provider serves the route: `''` for its root, otherwise without a final slash. */
export function providerPath({ path, rewrite = path }: ProviderRoute): string {
  return rewrite.replace(/\/$/, '');
}

/** The path of a caller for a provider's path; undefined for one that the route does not reach. */
export function callersPath(route: ProviderRoute, path: string): string | undefined {
  const prefix = providerPath(route);
  if (!path.startsWith('/') || !path.startsWith(prefix)) return undefined;
  const rest = path.slice(prefix.length);
  if (rest === '/' && prefix === '') return route.path;
  return rest === '' || /^[/?#]/.test(rest) ? route.path + rest : undefined;
}

/** What is removed in front of the paths of callers: `/api` if `/api/orders` becomes `/orders`. */
export function removedPrefix(route: ProviderRoute): string | undefined {
  const prefix = providerPath(route);
  if (!route.path.endsWith(prefix) || route.path === prefix) return undefined;
  return route.path.slice(0, route.path.length - prefix.length);
}

/** @throws {TypeError} with all problems of the routes, which could otherwise only be seen at a request. */
export function checkRoutes(routes: readonly ProviderRoute[]): void {
  const problems = routes.flatMap(({ path, rewrite, headers = {} }) => [
    ...(rewrite === undefined || rewrite.startsWith('/')
      ? []
      : [`rewrite of ${path}: no path: write "/" in front of "${rewrite}"`]),
    ...[headers.request, headers.response].flatMap((changes) =>
      headerProblems(changes).map((problem) => `headers of ${path}: ${problem}`),
    ),
  ]);
  if (problems.length > 0) throw new TypeError(`gateway: ${problems.join('; ')}`);
}

function headerProblems({ set = {}, remove = [] }: HeaderChanges = {}): string[] {
  return [
    ...remove.map((name) => () => validateHeaderName(name)),
    ...Object.entries(set).map(([name, value]) => () => {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    }),
  ].flatMap((check) => {
    try {
      check();
      return [];
    } catch (error) {
      return [(error as Error).message];
    }
  });
}
