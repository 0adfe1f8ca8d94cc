import type { Entry, Rule } from './platform-rule';
import type { Problem } from './problem';
import { toRoute, type Route } from './route';

/** Rules about the routes of services and the gateways that serve them. */
export const ROUTE_RULES: readonly Rule[] = [
  publicRoutes,
  routesWithoutKeys,
  noRepeatedRoutes,
  noCollidingRoutes,
  noOpenDetours,
];

/** Routes without a gateway that serves them are a mistake. */
function publicRoutes(read: readonly Entry[]): Problem[] {
  return read.flatMap(({ file, manifest: { expose, routes }, source }) => {
    if (routes.length === 0 || expose === 'public') return [];
    const message = `"${file.name}" has routes but is internal, so no gateway serves them: add "expose: public", or remove the routes`;
    return [{ file: file.file, line: source.lineOfKey([], 'routes'), message }];
  });
}

/** A gateway calls on behalf of users, and has no service key of its own. */
function routesWithoutKeys(read: readonly Entry[]): Problem[] {
  return read.flatMap(({ file, manifest: { auth, routes }, source }) => {
    if (routes.length === 0 || auth !== 'service-keys') return [];
    const message = `"${file.name}" has routes but accepts only services with a key, which no gateway has: remove the routes, or "auth: service-keys"`;
    return [{ file: file.file, line: source.lineOfKey([], 'routes'), message }];
  });
}

function noRepeatedRoutes(read: readonly Entry[]): Problem[] {
  return eachRoute(read, ({ path, index, paths }) =>
    paths.indexOf(path) < index ? `"${path}" is listed twice in "routes": remove one` : undefined,
  );
}

/** Two gateways may serve the same route, and a route may be inside another one: the longer path matches first. */
function noCollidingRoutes(read: readonly Entry[]): Problem[] {
  const served = new Map<string, { gateway: string; provider: string }[]>();
  const gateways = read.filter(({ manifest }) => manifest.kind === 'gateway');
  return eachRoute(read, ({ provider, path }) => {
    for (const { file, manifest } of gateways) {
      if (!manifest.consumes.includes(provider)) continue;
      const others = served.get(path) ?? [];
      served.set(path, [...others, { gateway: file.name, provider }]);
      const other = others.find((one) => one.gateway === file.name && one.provider !== provider);
      if (other) {
        return `"${path}" is a route of "${other.provider}" already, and gateway "${file.name}" serves both: choose another path`;
      }
    }
    return undefined;
  });
}

/** A rewritten open route must not lead to what another route of the service guards. */
function noOpenDetours(read: readonly Entry[]): Problem[] {
  return eachRoute(read, ({ route, routes }) => {
    const detours = routes.flatMap((other) => {
      const seen = callersPathOf(targetOf(other), route);
      if (seen === undefined || (route.rewrite ?? other.rewrite) === undefined) return [];
      const lost = GUARDS.filter(({ isOpen }) => isOpen(route) && !isOpen(other));
      const inFront = routes
        .filter(({ path }) => isBelow(seen, path))
        .sort((a, b) => b.path.length - a.path.length)[0];
      return lost
        .filter(({ isOpen }) => inFront === undefined || isOpen(inFront))
        .map(({ without }) => `"${seen}" reaches "${other.path}" of the service ${without}`);
    });
    return detours.length === 0
      ? undefined
      : `${detours.join(', ')}: choose another "rewrite", or give both routes the same rules`;
  });
}

const GUARDS: readonly { isOpen: (route: Route) => boolean; without: string }[] = [
  { isOpen: ({ auth }) => auth === 'none', without: 'without a token' },
  { isOpen: ({ rateLimit }) => rateLimit === 'off', without: 'without a limit' },
];

/** Where the service itself serves a route; empty for its root. */
function targetOf({ path, rewrite = path }: Route): string {
  return rewrite === '/' ? '' : rewrite;
}

/** How a path of the service is called through `route`, if it can be. */
function callersPathOf(target: string, route: Route): string | undefined {
  const prefix = targetOf(route);
  return isBelow(target, prefix) ? route.path + target.slice(prefix.length) : undefined;
}

function isBelow(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(`${prefix}/`);
}

interface RouteOf {
  provider: string;
  path: string;
  index: number;
  paths: readonly string[];
  route: Route;
  routes: readonly Route[];
}

function eachRoute(
  read: readonly Entry[],
  check: (route: RouteOf) => string | undefined,
): Problem[] {
  return read.flatMap(({ file, manifest, source }) => {
    const routes = manifest.routes.map(toRoute);
    const paths = routes.map(({ path }) => path);
    return routes.flatMap((route, index) => {
      const { path } = route;
      const message = check({ provider: file.name, path, index, paths, route, routes });
      return message ? [{ file: file.file, line: source.lineOf(['routes', index]), message }] : [];
    });
  });
}
