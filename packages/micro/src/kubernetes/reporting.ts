import type { ComposeEntry } from '../deployment/entry';
import type { KubernetesEnvironment } from '../platform/kubernetes-environment';
import { isSwitch, TRACES_ENDPOINT } from '../platform/observability';
import type { Variable } from './container';

/** By which a Prometheus finds pods; the same as most charts use. */
export const SCRAPED_ANNOTATION = 'prometheus.io/scrape';

const TRACES = 'OTEL_EXPORTER_OTLP_ENDPOINT';

/**
 * The variables that switch metrics and traces of a service on, if the environment observes it. A value that a person
 * wrote into the entry stays.
 *
 * @param parts the entries of observability that the environment runs.
 */
export function reportingVariables(
  { observability }: Pick<KubernetesEnvironment, 'observability'>,
  parts: readonly string[],
  entry: ComposeEntry,
): Record<string, string> {
  if (observability !== 'in-cluster') return {};
  const variables = (entry['environment'] ?? {}) as Record<string, unknown>;
  const has = (name: string) => isSwitch(name, variables[name]);
  const { hostname } = new URL(TRACES_ENDPOINT);
  return {
    ...(has('METRICS') ? { METRICS: 'on' } : {}),
    ...(has(TRACES) && parts.includes(hostname) ? { [TRACES]: TRACES_ENDPOINT } : {}),
  };
}

/** Whether a container answers `/metrics`. */
export function isMeasured(variables: readonly Variable[]): boolean {
  return variables.some(({ name, value }) => name === 'METRICS' && value === 'on');
}

/** The annotations by which the Prometheus of a platform, or one of a whole cluster, finds the pods of a service. */
export function scrapeAnnotations(port: number): Record<string, string> {
  return {
    [SCRAPED_ANNOTATION]: 'true',
    'prometheus.io/port': String(port),
    'prometheus.io/path': '/metrics',
  };
}
