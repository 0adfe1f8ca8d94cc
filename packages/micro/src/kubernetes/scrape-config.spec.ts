import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { clusterScrapeConfig } from './scrape-config';

const SCOPE = { platform: 'acme', environment: 'production', namespace: 'acme-production' };
const synced = (name: string, more = '') => `  - job_name: ${name}
    dns_sd_configs:
      - names: [${name}]
        type: A
        port: 3001
        refresh_interval: 15s
${more}`;
const HEAD = `global:
  scrape_interval: 15s # ours
scrape_configs:
`;
const OWN = `  - job_name: node
    static_configs:
      - targets: [node-exporter:9100]
`;

interface Job {
  job_name: string;
  kubernetes_sd_configs?: { role: string; namespaces: object; selectors: { label: string }[] }[];
  dns_sd_configs?: object[];
  relabel_configs?: { source_labels: string[]; regex?: string; target_label?: string }[];
}

const jobsOf = (text: string) =>
  (parse(clusterScrapeConfig(text, SCOPE)) as { scrape_configs: Job[] }).scrape_configs;

it('finds the pods of all services by one watch of this namespace alone', () => {
  const [job, ...others] = jobsOf(HEAD + synced('orders') + synced('users'));
  expect(others).toEqual([]);
  expect(job).toMatchObject({
    job_name: 'acme/services',
    kubernetes_sd_configs: [
      {
        role: 'pod',
        namespaces: { own_namespace: true },
        selectors: [
          {
            role: 'pod',
            label: 'app.kubernetes.io/part-of=acme,app.kubernetes.io/component=service',
          },
        ],
      },
    ],
  });
  expect(job).not.toHaveProperty('dns_sd_configs');
  const targets = job!.relabel_configs!.map(({ source_labels, target_label, regex }) => [
    ...source_labels,
    target_label ?? regex,
  ]);
  expect(targets).toEqual([
    ['__meta_kubernetes_pod_annotation_prometheus_io_scrape', 'true'],
    ['__meta_kubernetes_pod_container_port_name', 'http'],
    ['__meta_kubernetes_pod_phase', 'Succeeded|Failed'],
    // As with Compose, so that the same rules and dashboards work.
    ['__meta_kubernetes_pod_label_app_kubernetes_io_name', 'job'],
    ['__meta_kubernetes_namespace', 'namespace'],
    ['__meta_kubernetes_pod_name', 'pod'],
  ]);
});

it('keeps what a person wrote, comments too', () => {
  const text = clusterScrapeConfig(HEAD + OWN + synced('orders'), SCOPE);
  expect(text).toContain('scrape_interval: 15s # ours');
  expect(jobsOf(HEAD + OWN + synced('orders')).map(({ job_name }) => job_name)).toEqual([
    'acme/services',
    'node',
  ]);
});

it('keeps the settings of a job that a person has changed, in a job of its own', () => {
  const own = synced(
    'orders',
    '    scrape_interval: 5s\n    relabel_configs:\n      - { action: labeldrop, regex: pod }\n',
  );
  const [all, orders] = jobsOf(HEAD + synced('users') + own);
  expect(all!.relabel_configs!.at(-1)).toEqual({
    source_labels: ['__meta_kubernetes_pod_label_app_kubernetes_io_name'],
    regex: 'orders',
    action: 'drop',
  });
  expect(orders).toMatchObject({ job_name: 'orders', scrape_interval: '5s' });
  expect(orders).not.toHaveProperty('dns_sd_configs');
  expect(orders!.kubernetes_sd_configs![0]!.selectors[0]!.label).toContain('name=orders');
  expect(orders!.relabel_configs!.at(-1)).toEqual({ action: 'labeldrop', regex: 'pod' });
});

it.each([HEAD + OWN, 'global: {}\n', 'scrape_configs: none\n', ''])(
  'changes nothing where no service has a job: %j',
  (text) => {
    expect(clusterScrapeConfig(text, SCOPE)).toBe(text);
  },
);
