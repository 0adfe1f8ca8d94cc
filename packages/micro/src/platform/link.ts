import { grpcHost, toUpperSnake } from './name';
import { serviceNamed, type Platform, type Service } from './platform';

/** `order-items` -> `MICROSERVICE_ORDER_ITEMS_URL` */
export function linkVariable(provider: string): string {
  return `MICROSERVICE_${toUpperSnake(provider)}_URL`;
}

/** `order-items` -> `MICROSERVICE_ORDER_ITEMS_GRPC_URL` */
export function grpcLinkVariable(provider: string): string {
  return linkVariable(grpcHost(provider));
}

/** The variables with which one provider is found. */
export function variablesOfLink({ name, grpcPort }: Pick<Service, 'name' | 'grpcPort'>): string[] {
  return grpcPort === undefined
    ? [linkVariable(name)]
    : [linkVariable(name), grpcLinkVariable(name)];
}

/** The address of a service, or of one of its ports, for others in the same Compose network: `http://orders:3001`. */
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
  urlOf: (provider: Pick<Service, 'name' | 'port'>) => string,
): Record<string, string> {
  return Object.fromEntries(
    service.consumes.flatMap((consumed) => {
      const { name, port, grpcPort } = serviceNamed(platform, consumed);
      return [
        [linkVariable(name), urlOf({ name, port })],
        ...(grpcPort === undefined
          ? []
          : [[grpcLinkVariable(name), urlOf({ name, port: grpcPort })]]),
      ] as [string, string][];
    }),
  );
}
