/** If this file exists, the platform has metrics and traces. */
export const OBSERVABILITY_COMPOSE_FILE = 'observability/compose.yaml';

export const SCRAPE_CONFIG_FILE = 'observability/prometheus/prometheus.yml';

/** The Compose profile that starts it. Its network and other parts have the same name. */
export const OBSERVABILITY_PROFILE = 'observability';

/** The published ports on 127.0.0.1 in development, and the port in the container for each. */
export const OBSERVABILITY_PORTS = {
  prometheus: [9090],
  grafana: [3000],
  // The user interface, and OTLP over HTTP for services that `nx serve` runs.
  jaeger: [16686, 4318],
} as const;

export type ObservabilityPart = keyof typeof OBSERVABILITY_PORTS;

export const OBSERVABILITY_PARTS = Object.keys(OBSERVABILITY_PORTS) as ObservabilityPart[];

/** Where services in the same network send their traces. */
export const TRACES_ENDPOINT = 'http://jaeger:4318';

/** The switches in the entry of a service: two variables in the root's `.env`, for all services. */
export const OBSERVABILITY_SWITCHES = {
  METRICS: '${METRICS:-off}',
  OTEL_EXPORTER_OTLP_ENDPOINT: '${OTEL_EXPORTER_OTLP_ENDPOINT:-}',
} as const;

/** Whether an entry of `environment` has its switch, and no value of its own. */
export function isSwitch(name: string, text: unknown): boolean {
  return Object.entries(OBSERVABILITY_SWITCHES).some(
    ([key, value]) => key === name && value === text,
  );
}

/** A job of Prometheus, as far as `nx sync` knows it. */
export interface ScrapeJob {
  job_name: string;
  dns_sd_configs?: unknown;
}

/**
 * Whether `nx sync` keeps a job: it finds containers by one DNS name. A job with its own targets was written by a
 * person.
 */
export function isSyncedJob(job: ScrapeJob | undefined): job is ScrapeJob {
  const configs: unknown = job?.dns_sd_configs;
  const [first, ...others] = Array.isArray(configs) ? (configs as { names?: unknown }[]) : [];
  const names: unknown = first?.names;
  const [name, ...more] = Array.isArray(names) ? (names as unknown[]) : [];
  return name !== undefined && name === job?.job_name && others.length + more.length === 0;
}
