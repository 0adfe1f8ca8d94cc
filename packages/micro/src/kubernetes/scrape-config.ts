import { isMap, isSeq, parseDocument, type YAMLMap } from 'yaml';
import { isSyncedJob, type ScrapeJob } from '../platform/observability';
import type { Scope } from './object';
import { SCRAPED_ANNOTATION } from './reporting';

const POD = '__meta_kubernetes_pod';
const NAME = `${POD}_label_app_kubernetes_io_name`;

/**
 * The configuration of Prometheus for a cluster. With Compose, each service has a job that looks up its containers in
 * DNS; here, the name of a service is one address, behind which a pod is chosen for each request. So the API server is
 * asked for pods: by one job for all services, which is one watch, and by a job of its own for each service whose job a
 * person has changed. All else stays as it is written.
 */
export function clusterScrapeConfig(text: string, scope: Scope): string {
  const document = parseDocument(text);
  const jobs = document.get('scrape_configs');
  if (!isSeq(jobs)) return text;
  const synced = jobs.items.flatMap((item) => {
    const job: unknown = isMap(item) ? item.toJSON() : undefined;
    return isJob(job) && isSyncedJob(job) ? [{ item: item as YAMLMap, job }] : [];
  });
  if (synced.length === 0) return text;
  const own = synced.filter(({ job }) => Object.keys(job).length > 2);
  for (const { item, job } of own) {
    const { selectors, relabelings } = podsOf(scope, job.job_name);
    const more = item.toJSON() as { relabel_configs?: readonly object[] };
    item.delete('dns_sd_configs');
    item.set('kubernetes_sd_configs', document.createNode(selectors));
    const all = [...relabelings, ...(more.relabel_configs ?? [])];
    item.set('relabel_configs', document.createNode(all));
  }
  const plain = synced.filter((one) => !own.includes(one)).map(({ item }) => item);
  if (plain.length > 0) {
    const { selectors, relabelings } = podsOf(scope);
    const names = own.map(({ job }) => job.job_name);
    const others =
      names.length > 0 ? [{ source_labels: [NAME], regex: names.join('|'), action: 'drop' }] : [];
    const job = {
      // A service cannot have a name with a slash.
      job_name: `${scope.platform}/services`,
      kubernetes_sd_configs: selectors,
      relabel_configs: [...relabelings, ...others],
    };
    jobs.items = [
      document.createNode(job),
      ...jobs.items.filter((item) => !plain.some((one) => one === item)),
    ];
  }
  return document.toString({ lineWidth: 0 });
}

function isJob(value: unknown): value is ScrapeJob {
  return typeof value === 'object' && value !== null && 'job_name' in value;
}

/** How pods that have metrics are found: those of one service, or of all. */
function podsOf({ platform }: Scope, service?: string) {
  const label = [
    `app.kubernetes.io/part-of=${platform}`,
    'app.kubernetes.io/component=service',
    ...(service === undefined ? [] : [`app.kubernetes.io/name=${service}`]),
  ].join(',');
  const annotation = SCRAPED_ANNOTATION.replaceAll(/[^a-zA-Z0-9]/g, '_');
  return {
    selectors: [
      { role: 'pod', namespaces: { own_namespace: true }, selectors: [{ role: 'pod', label }] },
    ],
    relabelings: [
      { source_labels: [`${POD}_annotation_${annotation}`], regex: 'true', action: 'keep' },
      // A pod has a target for each of its ports.
      { source_labels: [`${POD}_container_port_name`], regex: 'http', action: 'keep' },
      { source_labels: [`${POD}_phase`], regex: 'Succeeded|Failed', action: 'drop' },
      { source_labels: [NAME], target_label: 'job' },
      { source_labels: ['__meta_kubernetes_namespace'], target_label: 'namespace' },
      { source_labels: [`${POD}_name`], target_label: 'pod' },
    ],
  };
}
