import { toUpperSnake } from './name';
import { serviceNamed, type Platform, type Service } from './platform';

/** `order-items` -> `MICROSERVICE_ORDER_ITEMS_URL` */
export function linkVariable(provider: string): string {
  return `MICROSERVICE_${toUpperSnake(provider)}_URL`;
}

/** The address of a service for others in the same Compose network: `http://orders:3001`. */
export function networkUrl({ name, port }: Pick<Service, 'name' | 'port'>): string {
  return `http://${name}:${port}`;
}

/** The address of a service that runs on this machine in development: `http://localhost:3001`. */
export function hostUrl({ port }: Pick<Service, 'port'>): string {
  return `http://localhost:${port}`;
}

/** The variables of a consumer's declared links, in the order of its manifest. */
export function linkVariables(
  platform: Platform,
  service: Service,
  urlOf: (provider: Service) => string,
): Record<string, string> {
  return Object.fromEntries(
    service.consumes.map((name) => [linkVariable(name), urlOf(serviceNamed(platform, name))]),
  );
}
