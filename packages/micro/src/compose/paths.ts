import { posix } from 'node:path';
import { ENVIRONMENTS_FOLDER } from '../platform/environment';
import type { Service } from '../platform/platform';

export { ROOT_COMPOSE_FILE } from '../platform/workspace';

/** What `development` lays over the workspace's Compose files. */
export const DEVELOPMENT_COMPOSE_FILE = `${ENVIRONMENTS_FOLDER}/development.compose.yaml`;

/** The network in which services reach each other. */
export const EDGE_NETWORK = 'edge';

/** The network of datastores and broker: no way out of it, and nothing of it is published. */
export const BACKEND_NETWORK = 'backend';

/** The network over which this machine reaches datastores in development: no service is in it. */
export const DEVELOPMENT_NETWORK = 'development';

/** The network in which Grafana asks Prometheus and Jaeger. */
export const OBSERVABILITY_NETWORK = 'observability';

/** The platform has metrics and traces where this file is. */
export const OBSERVABILITY_COMPOSE_FILE = 'observability/compose.yaml';

export const SCRAPE_CONFIG_FILE = 'observability/prometheus/prometheus.yml';

/** `apps/orders/compose.yaml` */
export function serviceComposeFile({ root }: Pick<Service, 'root'>): string {
  return posix.join(root, 'compose.yaml');
}
