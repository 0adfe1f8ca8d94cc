import { posix } from 'node:path';
import { ENVIRONMENTS_FOLDER } from '../platform/environment-file';
import type { Service } from '../platform/platform';

export { ROOT_COMPOSE_FILE } from '../platform/workspace';

/** What `development` merges over the workspace's Compose files. */
export const DEVELOPMENT_COMPOSE_FILE = `${ENVIRONMENTS_FOLDER}/development.compose.yaml`;

/** The network in which services reach each other. */
export const EDGE_NETWORK = 'edge';

/**
 * The network of a service and its datastores: nobody else is in it, there is no way out of it, and nothing of it is
 * published.
 */
export function dataNetwork({ name }: Pick<Service, 'name'>): string {
  return `${name}-data`;
}

/** The network of the broker and the services that use it; no way out of it, either. */
export const BROKER_NETWORK = 'broker';

/** What a network of datastores or of the broker says of itself. */
export const CLOSED_NETWORK = { internal: true } as const;

/** The one network that all datastores and the broker were in, before each owner had its own. */
export const FORMER_BACKEND_NETWORK = 'backend';

/** The network over which this machine reaches datastores in development: no service is in it. */
export const DEVELOPMENT_NETWORK = 'development';

/** The network in which Grafana asks Prometheus and Jaeger. */
export const OBSERVABILITY_NETWORK = 'observability';

/** The platform has metrics and traces if this file exists. */
export const OBSERVABILITY_COMPOSE_FILE = 'observability/compose.yaml';

export const SCRAPE_CONFIG_FILE = 'observability/prometheus/prometheus.yml';

/** `apps/orders/compose.yaml` */
export function serviceComposeFile({ root }: Pick<Service, 'root'>): string {
  return posix.join(root, 'compose.yaml');
}
