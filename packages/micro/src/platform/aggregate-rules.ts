import type { Aggregate } from './aggregate';
import type { Entry, Rule } from './platform-rule';
import type { Problem } from './problem';
import { pathOf, toRoute, type Route } from './route';
import { namedClasses } from './route-limit';
import { didYouMean } from './yaml-source';

/** Rules about what only gateways have: aggregates, and the classes of callers. */
export const AGGREGATE_RULES: readonly Rule[] = [
  classesOfCallers,
  onlyOnGateways,
  consumedParts,
  callableParts,
  distinctPaths,
];

function onlyOnGateways(read: readonly Entry[]): Problem[] {
  return read.flatMap(({ file, manifest: { kind, aggregates }, source }) => {
    if (aggregates.length === 0 || kind === 'gateway') return [];
    const message = `"${file.name}" is a ${kind}, and only gateways have aggregates: move them to the gateway`;
    return [{ file: file.file, line: source.lineOfKey([], 'aggregates'), message }];
  });
}

/** A gateway must know which claim of a token names the class of its caller. */
function classesOfCallers(read: readonly Entry[]): Problem[] {
  const gateways = read.filter(({ manifest }) => manifest.kind === 'gateway');
  return read.flatMap(({ file, manifest, source }) => {
    const at = (path: PropertyKey[], message: string): Problem => ({
      file: file.file,
      line: source.lineOf(path),
      message,
    });
    const misplaced =
      manifest.callerClass === undefined || manifest.kind === 'gateway'
        ? []
        : [
            at(
              ['callerClass'],
              `"${file.name}" is a ${manifest.kind}, and only gateways check tokens of callers: move "callerClass" to the gateway`,
            ),
          ];
    const serving = gateways.filter((one) => one.manifest.consumes.includes(file.name));
    const unknown = (limit: Route['rateLimit'], path: PropertyKey[], those: readonly Entry[]) => {
      const lost = those.find((one) => one.manifest.callerClass === undefined);
      const [name] = namedClasses(limit);
      if (lost === undefined || name === undefined) return [];
      const message = `gateway "${lost.file.name}" cannot tell who is "${name}": add "callerClass" to ${lost.file.file}, with the claim of the token that names the class`;
      return [at([...path, 'rateLimit'], message)];
    };
    return [
      ...misplaced,
      ...manifest.routes.flatMap((entry, index) =>
        unknown(toRoute(entry).rateLimit, ['routes', index], serving),
      ),
      ...manifest.aggregates.flatMap(({ rateLimit }, index) =>
        unknown(
          rateLimit,
          ['aggregates', index],
          gateways.filter((one) => one.file === file),
        ),
      ),
    ];
  });
}

function consumedParts(read: readonly Entry[]): Problem[] {
  return eachPart(read, ({ entry: { file, manifest }, service }) =>
    manifest.consumes.includes(service)
      ? undefined
      : `"${file.name}" does not consume "${service}": add it to "consumes"${
          read.some((one) => one.file.name === service)
            ? ''
            : didYouMean(service, manifest.consumes)
        }`,
  );
}

/** A gateway has no service key, and workers are not called. */
function callableParts(read: readonly Entry[]): Problem[] {
  return eachPart(read, ({ service }) => {
    const provider = read.find(({ file }) => file.name === service)?.manifest;
    if (provider?.auth === 'service-keys') {
      return `"${service}" accepts only services with a key, which no gateway has: remove the part, or "auth: service-keys" there`;
    }
    return provider?.kind === 'worker'
      ? `"${service}" is a worker, which answers no calls: remove the part`
      : undefined;
  });
}

/** A route includes the paths below it, of which an aggregate may be one. */
function distinctPaths(read: readonly Entry[]): Problem[] {
  return read.flatMap(({ file, manifest: { consumes, aggregates }, source }) => {
    const shapes = aggregates.map(shapeOf);
    return aggregates.flatMap((aggregate, index) => {
      const owner = read.find(
        (one) =>
          consumes.includes(one.file.name) &&
          one.manifest.expose === 'public' &&
          one.manifest.routes.some((route) => pathOf(route) === aggregate.path),
      );
      const first = shapes.indexOf(shapes[index]!);
      const message =
        first < index
          ? `"${aggregate.path}" is the same path as "${aggregates[first]!.path}": choose another one`
          : owner &&
            `"${aggregate.path}" is a route of "${owner.file.name}" already: choose another path`;
      return message
        ? [{ file: file.file, line: source.lineOf(['aggregates', index, 'path']), message }]
        : [];
    });
  });
}

/** `/users/:id` and `/users/:name` match the same paths. */
function shapeOf({ path }: Aggregate): string {
  return path
    .split('/')
    .map((segment) => (segment.startsWith(':') ? ':' : segment))
    .join('/');
}

function eachPart(
  read: readonly Entry[],
  check: (part: { entry: Entry; service: string }) => string | undefined,
): Problem[] {
  return read.flatMap((entry) =>
    entry.manifest.aggregates.flatMap(({ parts }, index) =>
      Object.entries(parts).flatMap(([name, { service }]) => {
        const message = check({ entry, service });
        const line = entry.source.lineOf(['aggregates', index, 'parts', name, 'service']);
        return message ? [{ file: entry.file.file, line, message }] : [];
      }),
    ),
  );
}
