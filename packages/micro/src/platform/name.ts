import { EDGE_SERVICE } from './edge-options';
import type { Problem } from './problem';

/** A DNS label (RFC 1123) that starts with a letter, because it becomes a host name and a part of an image name. */
export const SERVICE_NAME = /^[a-z](?:[a-z0-9]|-(?=[a-z0-9])){0,62}$/;

/** Names of services that mean something else already. */
const RESERVED: ReadonlyMap<string, string> = new Map([
  ['localhost', 'every container calls itself by that name'],
  [EDGE_SERVICE, 'the edge, which publishes ports, has that name'],
  [
    'constructor',
    'each object of JavaScript has a field of that name, so Nx takes it for a second project',
  ],
]);

/** Why `name` cannot be the name of a service; `undefined` if it can. */
export function serviceNameProblem(name: string): string | undefined {
  const why = RESERVED.get(name);
  return why === undefined
    ? nameProblem(name, "a service's")
    : `"${name}" cannot be a service's name: ${why}`;
}

/** The problem with the name of the project that the manifest `file` belongs to; `undefined` if there is none. */
export function projectNameProblem(file: string, name: string): Problem | undefined {
  const message = serviceNameProblem(name);
  return message === undefined
    ? undefined
    : {
        file,
        message: `${message} (the project's name: set "nx": { "name": … } in its package.json, or "name" in its project.json)`,
      };
}

/** Why `name` is not a valid name of a service or another thing; `undefined` if it is valid. */
export function nameProblem(name: string, whose: string): string | undefined {
  if (SERVICE_NAME.test(name)) return undefined;
  const suggestion = toServiceName(name);
  const hint = suggestion ? `, for example "${suggestion}"` : '';
  return `"${name}" cannot be ${whose} name: use lower-case letters, digits and single hyphens, starting with a letter, 63 at most${hint}`;
}

/** The nearest valid service name: `Order Items` -> `order-items`; an empty string if nothing remains. */
export function toServiceName(text: string): string {
  return text
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '')
    .slice(0, 63)
    .replace(/-+$/, '');
}

/** `order-items` -> `ORDER_ITEMS` */
export function toUpperSnake(name: string): string {
  return name.toUpperCase().replace(/[^A-Z0-9]+/g, '_');
}

/** The name that is kept free for the gRPC of a service: `order-items-grpc`. */
export function grpcHost(service: string): string {
  return `${service}-grpc`;
}

/** The package's own name of an npm name: `@acme/orders` -> `orders`. */
export function withoutScope(packageName: string): string {
  return packageName.replace(/^@[^/]+\//, '');
}
