import type { FastifyInstance } from 'fastify';
import { HttpError } from '../errors/errors.js';
import type { RouteLimit } from './route-limit.js';

/** The settings of a route that decide whether a token is needed and whether a call is counted. */
export interface GuardedRoute {
  path: string;
  auth?: 'none';
  rateLimit?: 'off' | RouteLimit;
}

/** The maximum number of decodings: some servers decode a path again after a proxy did. */
const MAX_DECODINGS = 3;
/** A path that all servers read in the same way, as almost all paths are. */
const PLAIN = /^(?:\/[a-z0-9_~-]+)+\/?$/;
// eslint-disable-next-line no-control-regex -- some servers end strings or header lines at these
const CONTROL = /[\u0000-\u001f\u007f]/;

/**
 * Refuses paths that a provider might read differently from the gateway. The gateway decides by its own reading whether
 * a token is needed and whether the call is counted.
 */
export function refuseAmbiguousPaths(app: FastifyInstance, routes: readonly GuardedRoute[]): void {
  const problemOf = pathGuard(routes);
  app.addHook('onRequest', (request, _reply, done) => {
    const matched = request.routeOptions.config.providerRoute;
    const problem = matched && problemOf(request.raw.url ?? '', matched);
    done(problem === undefined ? undefined : new HttpError(400, problem));
  });
}

/**
 * What is wrong with a request target for the route that it matched; undefined if it is safe. Providers get the path
 * unchanged. So it must mean the same to a server that decodes more, merges slashes or ignores case.
 */
export function pathGuard(
  routes: readonly GuardedRoute[],
): (target: string, matched: GuardedRoute) => string | undefined {
  const known = routes
    .map((route) => ({ route, path: lenientPath(route.path) ?? route.path }))
    .sort((a, b) => b.path.length - a.path.length);

  return (target, matched) => {
    const path = target.split('?', 1)[0]!;
    if (PLAIN.test(path)) return undefined;
    const read = lenientPath(path);
    if (read === undefined) return 'the path of the request is not valid';
    const other = known.find((one) => read === one.path || read.startsWith(`${one.path}/`));
    return other && isGuardedMore(other.route, matched)
      ? 'the path of the request can be read in two ways'
      : undefined;
  };
}

function isGuardedMore(one: GuardedRoute, other: GuardedRoute): boolean {
  return (
    (other.auth === 'none' && one.auth !== 'none') ||
    (other.rateLimit === 'off' && one.rateLimit !== 'off')
  );
}

/**
 * A path as the most lenient server would read it: decoded, in lower case, without parameters (`;a=1`), empty segments,
 * and dots at the end of a segment. Undefined for a path that no server should have to read.
 */
function lenientPath(path: string): string | undefined {
  if (!path.startsWith('/') || /[\\#]/.test(path)) return undefined;
  const decoded = decodeAll(path);
  if (decoded === undefined || CONTROL.test(decoded)) return undefined;
  const segments = decoded
    .replaceAll('\\', '/')
    .split('/')
    .map((segment) => segment.split(';', 1)[0]!.trim());
  if (segments.some((segment) => segment === '.' || segment === '..')) return undefined;
  const read = segments.map((segment) => segment.replace(/\.+$/, '').toLowerCase());
  return `/${read.filter((segment) => segment !== '').join('/')}`;
}

/** Undefined if its escapes are invalid. After the first decoding, a `%` that starts no valid escape is text. */
function decodeAll(path: string): string | undefined {
  let decoded = path;
  for (let times = 0; times < MAX_DECODINGS; times++) {
    try {
      const next = decodeURIComponent(decoded);
      if (next === decoded) break;
      decoded = next;
    } catch {
      return times === 0 ? undefined : decoded;
    }
  }
  return decoded;
}
