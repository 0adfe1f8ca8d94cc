import { addProjectConfiguration, updateJson, type Tree } from '@nx/devkit';
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { formattedModules, treeFiles } from '../../testing/tree-files';
import { serviceGenerator } from '../service/generator';
import { syncWorkspace } from '../sync/sync-workspace';
import { observabilityGenerator } from './generator';

const DEVELOPMENT = 'environments/development.compose.yaml';
const SCRAPES = 'observability/prometheus/prometheus.yml';

let tree: Tree;

const text = (path: string) => tree.read(path, 'utf8') ?? '';

const edit = (path: string, from: string, to: string) => {
  expect(text(path)).toContain(from);
  tree.write(path, text(path).replace(from, to));
};

const withoutPackage = (service: string, dependency: string) =>
  updateJson(
    tree,
    `apps/${service}/package.json`,
    (json: { dependencies: Record<string, string> }) => {
      delete json.dependencies[dependency];
      return json;
    },
  );

beforeEach(async () => {
  tree = createTreeWithEmptyWorkspace({ formatter: 'none' });
  updateJson(tree, 'package.json', (json: object) => ({ ...json, name: '@acme/source' }));
  await serviceGenerator(tree, { name: 'users', tracing: true });
  await serviceGenerator(tree, { name: 'orders', consumes: 'users' });
});

describe('observability', () => {
  it('is included, scrapes services with metrics, and passes on the switches', async () => {
    await observabilityGenerator(tree, {});
    expect(text('compose.yaml')).toContain('  - observability/compose.yaml\n');
    expect(text(SCRAPES))
      .toBe(`# \`nx sync\` keeps a job for each service that has metrics; anything else here is yours.
# After a change: docker compose kill --signal SIGHUP prometheus

global:
  scrape_interval: 15s
scrape_configs:
  - job_name: orders
    dns_sd_configs:
      - names:
          - orders
        type: A
        port: 3002
        refresh_interval: 15s
  - job_name: users
    dns_sd_configs:
      - names:
          - users
        type: A
        port: 3001
        refresh_interval: 15s
`);
    expect(text('apps/users/compose.yaml')).toContain(
      '      METRICS: ${METRICS:-off}\n      OTEL_EXPORTER_OTLP_ENDPOINT: ${OTEL_EXPORTER_OTLP_ENDPOINT:-}\n',
    );
    expect(text('apps/orders/compose.yaml')).toContain('METRICS: ${METRICS:-off}\n');
    // Without the packages of traces, the variable would keep it from starting.
    expect(text('apps/orders/compose.yaml')).not.toContain('OTEL_');
  });

  it('publishes on 127.0.0.1, and in development only', async () => {
    await observabilityGenerator(tree, {});
    expect(text('observability/compose.yaml')).not.toContain('ports:');
    const ports = [...text(DEVELOPMENT).matchAll(/- '?(\S+:\d+:\d+)/g)].map(([, port]) => port);
    expect(ports).toEqual([
      '127.0.0.1:3000:3000',
      '127.0.0.1:16686:16686',
      '127.0.0.1:4318:4318',
      '127.0.0.1:9090:9090',
    ]);
  });

  it('leaves port 3000 to a service that has it', async () => {
    await serviceGenerator(tree, { name: 'gateway', kind: 'gateway', port: 3000 });
    await observabilityGenerator(tree, {});
    expect(text(DEVELOPMENT)).toContain('127.0.0.1:30000:3000');
  });

  it('keeps databases out of its reach', async () => {
    await observabilityGenerator(tree, {});
    const networks = [
      ...text('observability/compose.yaml').matchAll(/networks:((?:\n {6}- \w+)+)/g),
    ];
    expect(networks.map(([, names]) => names!.match(/\w+/g))).toEqual([
      ['edge', 'observability'],
      ['observability'],
      ['edge', 'observability'],
    ]);
  });

  it("keeps a person's edits when it is run again, and changes nothing else", async () => {
    await observabilityGenerator(tree, {});
    edit('observability/compose.yaml', 'retention.time=7d', 'retention.time=30d');
    edit(SCRAPES, 'scrape_interval: 15s', 'scrape_interval: 5s # often');
    edit(SCRAPES, '  - job_name: users\n', '  - job_name: users\n    scrape_timeout: 2s\n');
    tree.write(SCRAPES, `${text(SCRAPES)}  - job_name: ours\n    static_configs: []\n`);
    edit('observability/grafana/dashboards/services.json', '"Services"', '"Ours"');
    edit(DEVELOPMENT, '127.0.0.1:9090:9090', '127.0.0.1:9999:9090');
    edit('apps/orders/compose.yaml', 'METRICS: ${METRICS:-off}', "METRICS: 'on'");
    const edited = treeFiles(tree);
    await observabilityGenerator(tree, { skipFormat: true });
    expect(treeFiles(tree)).toEqual(edited);

    edit('apps/users/service.yml', 'port: 3001', 'port: 3009');
    expect(syncWorkspace(tree).find(({ path }) => path === SCRAPES)?.drift).toEqual([
      'job users: port is 3001, the manifest says 3009',
    ]);
    expect(text(SCRAPES)).toContain('    scrape_timeout: 2s\n');
    expect(text(SCRAPES)).toContain('        port: 3009\n');
    expect(text(SCRAPES)).toContain('scrape_interval: 5s # often\n');
  });

  it('follows services that come, lose their metrics, and go', async () => {
    await observabilityGenerator(tree, {});
    await serviceGenerator(tree, { name: 'billing' });
    expect(text(SCRAPES)).toContain('job_name: billing');
    withoutPackage('billing', 'prom-client');
    syncWorkspace(tree);
    expect(text(SCRAPES)).not.toContain('billing');
    expect(text('apps/billing/compose.yaml')).not.toContain('METRICS');
    tree.delete('apps/orders');
    syncWorkspace(tree);
    expect(text(SCRAPES)).not.toContain('orders');
  });

  it('goes with its folder', async () => {
    const before = treeFiles(tree);
    await observabilityGenerator(tree, { skipFormat: true });
    tree.delete('observability');
    syncWorkspace(tree);
    expect(treeFiles(tree)).toEqual(before);
  });

  it('refuses a service of its own names, and writes nothing', async () => {
    addProjectConfiguration(tree, 'grafana', { root: 'apps/grafana' });
    tree.write('apps/grafana/service.yml', 'port: 3005\n');
    const before = treeFiles(tree);
    await expect(observabilityGenerator(tree, {})).rejects.toThrow(
      'apps/grafana: "grafana" is a name of observability: rename the service',
    );
    expect(treeFiles(tree)).toEqual(before);
  });

  it('writes the same with and without a formatter', async () => {
    const formatted = createTreeWithEmptyWorkspace({ formatter: 'prettier' });
    updateJson(formatted, 'package.json', (json: object) => ({ ...json, name: '@acme/source' }));
    await serviceGenerator(formatted, { name: 'users', tracing: true });
    await serviceGenerator(formatted, { name: 'orders', consumes: 'users' });
    for (const each of [tree, formatted]) await observabilityGenerator(each, {});
    for (const folder of ['observability', 'environments', 'apps']) {
      expect(await formattedModules(treeFiles(tree, folder))).toEqual(treeFiles(formatted, folder));
    }
  });
});
