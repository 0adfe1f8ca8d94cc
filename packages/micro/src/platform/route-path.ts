import { checkedText } from './checked-text';

/** Paths that every service, or the gateway itself, answers. */
export const RESERVED_PATHS = ['/health', '/ready', '/metrics', '/openapi.json', '/docs'] as const;

/** Segments of characters that need no escape in a URL (RFC 3986) and have no special meaning in a router. */
const ROUTE_PATH = /^(?:\/[A-Za-z0-9._~-]+)+$/;
/** The same, or the root. */
const REWRITTEN_PATH = /^(?:\/|(?:\/[A-Za-z0-9._~-]+)+)$/;
const DOTS = /\/\.\.?(?:\/|$)/;

/** Why `path` is not a valid route; `undefined` if it is valid. */
export function routePathProblem(path: string): string | undefined {
  if (!path.startsWith('/')) return 'a route starts with "/"';
  if (path === '/')
    return '"/" would match all paths, also those of other services: name one, such as /api';
  if (!ROUTE_PATH.test(path) || DOTS.test(path)) {
    return `"${path}" is not a plain path: write segments of letters, digits, ".", "_", "~" and "-", such as /api/orders; paths below it are served too`;
  }
  return reservedPathProblem(path);
}

/** Why a gateway cannot serve `path` itself; `undefined` if it can. */
export function reservedPathProblem(path: string): string | undefined {
  const reserved = RESERVED_PATHS.find((own) => path === own || path.startsWith(`${own}/`));
  return reserved === undefined
    ? undefined
    : `"${path}" is reserved: the gateway itself answers ${reserved}`;
}

/** Why `path` is not a path of a provider; `undefined` if it is one. */
function rewriteProblem(path: string): string | undefined {
  if (REWRITTEN_PATH.test(path) && !DOTS.test(path)) return undefined;
  return `"${path}" is not a plain path: write the path under which the service itself serves the route, such as /orders, or "/" if that is its root`;
}

export const routePath = checkedText(routePathProblem, ROUTE_PATH);
export const rewritePath = checkedText(rewriteProblem, REWRITTEN_PATH);
