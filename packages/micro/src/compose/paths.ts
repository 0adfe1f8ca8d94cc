import { posix } from 'node:path';
import { ENVIRONMENTS_FOLDER } from '../platform/environment-file';
import type { Service } from '../platform/platform';

export { OBSERVABILITY_COMPOSE_FILE, SCRAPE_CONFIG_FILE } from '../platform/observability';
export { ROOT_COMPOSE_FILE } from '../platform/workspace';

/** The file that the environment `development` merges over the workspace's Compose files. */
export const DEVELOPMENT_COMPOSE_FILE = `${ENVIRONMENTS_FOLDER}/development.compose.yaml`;

/** The network in which services reach each other. */
export const EDGE_NETWORK = 'edge';

/**
 * The network of a service and its datastores. It is internal: no other service is in it, nothing in it can reach the
 * outside, and no port is published.
 */
export function dataNetwork({ name }: Pick<Service, 'name'>): string {
  return `${name}-data`;
}

/** The network of the broker and the services that use it. It is internal, too. */
export const BROKER_NETWORK = 'broker';

/** The declaration of a network of datastores or of the broker. */
export const CLOSED_NETWORK = { internal: true } as const;

/** The one network that all datastores and the broker shared before each service had its own. */
export const FORMER_BACKEND_NETWORK = 'backend';

/** The network through which this machine reaches datastores in development. No service is in it. */
export const DEVELOPMENT_NETWORK = 'development';

/** The network through which Grafana reaches Prometheus and Jaeger. */
export const OBSERVABILITY_NETWORK = 'observability';

/** `apps/orders/compose.yaml` */
export function serviceComposeFile({ root }: Pick<Service, 'root'>): string {
  return posix.join(root, 'compose.yaml');
}
