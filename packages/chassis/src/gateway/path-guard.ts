import type { FastifyInstance } from 'fastify';
import { HttpError } from '../errors/errors.js';

/** What decides whether a token is needed and whether a call is counted. */
export interface GuardedRoute {
  path: string;
  auth?: 'none';
  rateLimit?: 'off';
}

/** Decoded this often at most: some servers decode a path again that a proxy has decoded. */
const MAX_DECODINGS = 3;
/** A path that everybody reads alike, as nearly all are. */
const PLAIN = /^(?:\/[a-z0-9_~-]+)+\/?$/;
// eslint-disable-next-line no-control-regex -- they end strings or header lines elsewhere
const CONTROL = /[\u0000-\u001f\u007f]/;

/**
 * Refuses paths that a provider might read in another way than the gateway, which has decided by its own reading whether a
 * token is needed and whether the call is counted.
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
 * What is wrong with a request target for the route that it matched; undefined if nothing is. Providers get the path as it
 * was sent, so it must mean the same to one that decodes more, merges slashes or ignores case.
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
 * A path as the most lenient server would read it: decoded, without parameters (`;a=1`), empty segments and dots at the
 * end of a segment, in lower case. Undefined for one that no server should have to read.
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

/** Undefined if its escapes are not valid. What is no escape any more after a decoding is text. */
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
