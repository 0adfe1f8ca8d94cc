import { posix } from 'node:path';
import type { Service } from '../platform/platform';

export { ROOT_COMPOSE_FILE } from '../platform/workspace';

/** The network in which services reach each other. */
export const EDGE_NETWORK = 'edge';

/** The network of datastores and broker: no way out of it, and nothing of it is published. */
export const BACKEND_NETWORK = 'backend';

/** `apps/orders/compose.yaml` */
export function serviceComposeFile({ root }: Pick<Service, 'root'>): string {
  return posix.join(root, 'compose.yaml');
}
