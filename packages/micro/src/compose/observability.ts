import { isDeepStrictEqual } from 'node:util';
import type { DerivedFile } from '../platform/derived-file';
import { formatDrift, formatStale } from '../platform/derived-file';
import {
  isSyncedJob,
  OBSERVABILITY_COMPOSE_FILE,
  OBSERVABILITY_PARTS,
  OBSERVABILITY_PROFILE,
  OBSERVABILITY_SWITCHES,
  SCRAPE_CONFIG_FILE,
  TRACES_ENDPOINT,
  type ObservabilityPart,
  type ScrapeJob,
} from '../platform/observability';
import type { Platform, Service } from '../platform/platform';
import { ComposeEdit } from './compose-edit';
import { SERVICE_HARDENING } from './hardening';
import { passwordReference } from './secret-reference';
import { EDGE_NETWORK, OBSERVABILITY_NETWORK } from './paths';

/** The official images. A person may pin another tag, or use another repository. */
export const OBSERVABILITY_IMAGES: Readonly<Record<ObservabilityPart, string>> = {
  prometheus: 'prom/prometheus:v3.5.0',
  grafana: 'grafana/grafana:12.2.0',
  jaeger: 'jaegertracing/jaeger:2.15.0',
};

/** What a service can report about itself. */
export interface Observed {
  metrics: boolean;
  traces: boolean;
}

export const NOT_OBSERVED: Observed = { metrics: false, traces: false };

/**
 * The packages in a service's package.json decide. A variable that asks for more would keep the service from starting.
 */
export function observedBy(packageJson: string | undefined): Observed {
  if (packageJson === undefined) return NOT_OBSERVED;
  const { dependencies = {} } = JSON.parse(packageJson) as {
    dependencies?: Record<string, string>;
  };
  return {
    metrics: 'prom-client' in dependencies,
    traces: '@opentelemetry/sdk-trace-node' in dependencies,
  };
}

/** The variables of a service's entry that pass on the switches, except those that a person has set. */
export function observedVariables(
  { metrics, traces }: Observed,
  before: ReadonlyMap<string, string | undefined>,
): Record<string, string> {
  const wanted = {
    ...(metrics ? { METRICS: OBSERVABILITY_SWITCHES.METRICS } : {}),
    ...(traces
      ? { OTEL_EXPORTER_OTLP_ENDPOINT: OBSERVABILITY_SWITCHES.OTEL_EXPORTER_OTLP_ENDPOINT }
      : {}),
  };
  return Object.fromEntries(
    Object.entries(wanted).filter(
      ([name, value]) => !before.has(name) || before.get(name) === value,
    ),
  );
}

const COMPOSE_HEADER = `# Metrics and traces of the platform, under the Compose profile "${OBSERVABILITY_PROFILE}". All of it is yours.
# It is off until .env says:
#   COMPOSE_PROFILES=${OBSERVABILITY_PROFILE}
#   METRICS=on
#   OTEL_EXPORTER_OTLP_ENDPOINT=${TRACES_ENDPOINT}\n`;

/**
 * The entries of Prometheus, Grafana and Jaeger. Written once, then yours. None of them is in a network with
 * datastores. Grafana is not in a network with services either: it reads from the other two.
 */
export function newObservabilityCompose(): string {
  const edit = new ComposeEdit(OBSERVABILITY_COMPOSE_FILE, undefined, COMPOSE_HEADER);
  for (const part of OBSERVABILITY_PARTS) edit.seed(['services', part], entryOf(part));
  for (const volume of ['prometheus', 'grafana']) {
    edit.declare(['volumes', `${volume}-data`], null);
  }
  edit.declare(['networks', OBSERVABILITY_NETWORK], null);
  return edit.toFile().text;
}

function entryOf(part: ObservabilityPart): Record<string, unknown> {
  const { healthcheck, ...own } = OWN_KEYS[part];
  return {
    image: OBSERVABILITY_IMAGES[part],
    profiles: [OBSERVABILITY_PROFILE],
    restart: 'unless-stopped',
    ...SERVICE_HARDENING,
    ...own,
    ...(healthcheck === undefined
      ? {}
      : { healthcheck: { test: healthcheck, interval: '5s', timeout: '5s', retries: 12 } }),
  };
}

const OWN_KEYS: Record<
  ObservabilityPart,
  Record<string, unknown> & { healthcheck?: readonly string[] }
> = {
  prometheus: {
    command: [
      '--config.file=/etc/prometheus/prometheus.yml',
      '--storage.tsdb.path=/prometheus',
      '--storage.tsdb.retention.time=7d',
      '--storage.tsdb.retention.size=1GB',
    ],
    volumes: ['./prometheus:/etc/prometheus:ro', 'prometheus-data:/prometheus'],
    networks: [EDGE_NETWORK, OBSERVABILITY_NETWORK],
    // Fails until Prometheus answers queries. `promtool check ready` does not exist in all versions.
    healthcheck: ['CMD', 'promtool', 'query', 'instant', 'http://127.0.0.1:9090', '1'],
  },
  grafana: {
    environment: {
      GF_SECURITY_ADMIN_PASSWORD: passwordReference('grafana'),
      GF_USERS_ALLOW_SIGN_UP: 'false',
      GF_ANALYTICS_REPORTING_ENABLED: 'false',
      GF_ANALYTICS_CHECK_FOR_UPDATES: 'false',
    },
    volumes: [
      './grafana/provisioning:/etc/grafana/provisioning:ro',
      './grafana/dashboards:/etc/grafana/dashboards:ro',
      'grafana-data:/var/lib/grafana',
    ],
    networks: [OBSERVABILITY_NETWORK],
    depends_on: { prometheus: { condition: 'service_healthy' } },
    healthcheck: ['CMD-SHELL', 'wget -q -O /dev/null http://127.0.0.1:3000/api/health'],
  },
  // Without a healthcheck: its image has no program that could run one. It keeps its data in memory.
  jaeger: { networks: [EDGE_NETWORK, OBSERVABILITY_NETWORK] },
};

const SCRAPE_HEADER = `# \`nx sync\` keeps a job for each service that has metrics; anything else here is yours.
# After a change: docker compose kill --signal SIGHUP prometheus\n`;

/**
 * The configuration of Prometheus. Sync owns one job for each service with metrics, with the way to find its
 * containers: a DNS query in the network that returns every replica. A plain target would reach a different replica
 * each time.
 *
 * @param isMeasured whether a service has metrics.
 */
export function deriveScrapeConfig(
  platform: Platform,
  isMeasured: (service: Service) => boolean,
  current: string | undefined,
): DerivedFile {
  const edit = new ComposeEdit(SCRAPE_CONFIG_FILE, current, SCRAPE_HEADER);
  edit.seed(['global', 'scrape_interval'], '15s');
  const measured = platform.services.filter(isMeasured);
  const path = ['scrape_configs'];
  for (const [index, job] of [...jobsOf(edit).entries()].reverse()) {
    if (!isSyncedJob(job) || measured.some(({ name }) => name === job.job_name)) continue;
    edit.removeItem(path, index, formatStale(`job ${job.job_name}`));
  }
  for (const service of measured) {
    const jobs = jobsOf(edit);
    const index = jobs.findIndex((job) => job?.job_name === service.name);
    const dns_sd_configs = discovery(service);
    const job = jobs[index];
    if (!job) {
      const added = { job_name: service.name, dns_sd_configs };
      edit.insertItem(path, jobs.length, added, `job ${service.name} is missing`);
    } else if (isSyncedJob(job) && !isDeepStrictEqual(job.dns_sd_configs, dns_sd_configs)) {
      const port = String((job.dns_sd_configs as Discovery)[0]?.port);
      const drift = formatDrift(`job ${service.name}: port`, port, String(service.port));
      edit.replaceItem(path, index, { ...job, dns_sd_configs }, drift);
    }
  }
  return edit.toFile();
}

type Discovery = { names: string[]; type: string; port: number; refresh_interval: string }[];

function discovery({ name, port }: Service): Discovery {
  return [{ names: [name], type: 'A', port, refresh_interval: '15s' }];
}

function jobsOf(edit: ComposeEdit): (ScrapeJob | undefined)[] {
  return edit
    .items(['scrape_configs'])
    .map((item) =>
      typeof item === 'object' && item !== null && 'job_name' in item
        ? (item as ScrapeJob)
        : undefined,
    );
}
