import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import { pushPrometheusImage } from '../../../../../tools/cluster/prometheus';
import { describeCluster, describePolicies } from '../../../../../tools/testing/describe-cluster';
import { observabilityGenerator } from '../../generators/observability/generator';
import type { PodSpec } from '../../kubernetes/container';
import { OBSERVABILITY_SWITCHES } from '../../platform/observability';
import { ClusterWorkspace } from '../../testing/cluster-workspace';
import { createServiceTree } from '../../testing/service-tree';
import { treeFiles } from '../../testing/tree-files';

/** Listens where Grafana and Jaeger do: there are no images of them here. */
const listenOn = (...ports: number[]) =>
  `for (const port of [${ports.join(', ')}]) require('node:http').createServer((request, response) => response.end('ok')).listen(port);`;

/** Answers of a pod of the test's own: a service with metrics. */
const METRICS = `
require('node:http').createServer((request, response) => {
  response.setHeader('content-type', 'text/plain; version=0.0.4');
  response.end(request.url === '/metrics' ? 'service_ready{service="orders"} 1\\n' : 'ok');
}).listen(Number(process.env.PORT));
process.on('SIGTERM', () => process.exit(0));
`.replaceAll('\n', ' ');

/** The first time, Prometheus is compiled: minutes, and more on a busy machine. */
const BUILD = 40 * 60_000;

interface Entry {
  image: string;
  command?: string[];
  user?: string;
  healthcheck?: object;
}

interface Workload {
  kind: string;
  metadata: { name: string };
  spec: {
    template: { metadata: { labels: object }; spec: PodSpec };
    volumeClaimTemplates?: { metadata: { name: string } }[];
  };
}

describeCluster('observability of kubernetes-deploy', () => {
  let workspace: ClusterWorkspace;
  const COMPOSE = 'observability/compose.yaml';
  const CONFIG = 'observability/prometheus/prometheus.yml';

  beforeAll(async () => {
    workspace = new ClusterWorkspace(
      inject('cluster')!,
      'observability: in-cluster\nstorage: { size: 1Gi }\n',
    );
    const tree = createServiceTree({ gateway: 'port: 3000\n', orders: 'port: 3001\n' });
    const dependencies = { 'prom-client': '*' };
    tree.write('apps/orders/package.json', JSON.stringify({ name: 'orders', dependencies }));
    await observabilityGenerator(tree, { skipFormat: true });
    const files = Object.entries(treeFiles(tree));
    workspace.write(
      Object.fromEntries(files.filter(([path]) => path.startsWith('observability/'))),
    );
    workspace.write({ '.env': 'GRAFANA_PASSWORD=for-this-test-only\n' });
    workspace.addService('gateway', 3000, { manifest: 'consumes: [orders]\n' });
    workspace.addService('orders', 3001, {
      compose: `    command: [node, -e, ${JSON.stringify(METRICS)}]\n`,
      here: { replicas: 2 },
    });
    const switches = Object.entries(OBSERVABILITY_SWITCHES).map((one) => one.join(': '));
    workspace.edit('apps/orders/compose.yaml', (text) =>
      text.replace(
        '{ PORT',
        `{ ${switches.map((one) => one.replace(/: (.*)/, ': "$1"')).join(', ')}, PORT`,
      ),
    );
    workspace.edit('compose.yaml', (text) => `${text}  - ${COMPOSE}\nnetworks:\n  edge: {}\n`);
    workspace.push('gateway', 'one');
    workspace.push('orders', 'one');
    const image = await pushPrometheusImage(workspace.cluster.registry);
    const stub = workspace.image('orders')!;
    const isUp = (port: number) => ({
      test: ['CMD', 'node', '-e', `fetch('http://127.0.0.1:${port}').catch(() => process.exit(1))`],
      interval: '2s',
    });
    editEntry('prometheus', () => ({ image }));
    editEntry('grafana', () => ({
      ...{ image: stub, user: '472', command: ['node', '-e', listenOn(3000)] },
      healthcheck: isUp(3000),
    }));
    editEntry('jaeger', () => ({
      ...{ image: stub, user: '10001', command: ['node', '-e', listenOn(16686, 4318)] },
    }));
    workspace.edit(CONFIG, (text) => text.replaceAll('15s', '1s'));
  }, BUILD);
  afterAll(() => workspace.remove());

  const read = (path: string) => readFileSync(join(workspace.root, path), 'utf8');

  function editEntry(name: string, change: (entry: Entry) => Partial<Entry>): void {
    workspace.edit(COMPOSE, (text) => {
      const compose = parse(text) as { services: Record<string, Entry> };
      const entry = compose.services[name]!;
      return stringify({
        ...compose,
        services: { ...compose.services, [name]: { ...entry, ...change(entry) } },
      });
    });
  }

  const podOf = (name: string) =>
    workspace
      .kubectl(
        ...['get', 'pods', '--selector', `app.kubernetes.io/name=${name}`],
        ...['--field-selector', 'status.phase=Running'],
        ...['--output', 'jsonpath={.items[0].metadata.name}'],
      )
      .trim();
  const exec = (name: string, ...command: string[]) =>
    workspace.kubectl('exec', podOf(name), '--', ...command);
  const node = (name: string, script: string) => exec(name, 'node', '-e', script);
  const query = (text: string) =>
    exec('prometheus', 'promtool', 'query', 'instant', 'http://127.0.0.1:9090', text);
  /** What a pod gets from an address: a status, or the code of the failure. */
  const reach = (from: string, url: string) =>
    node(
      from,
      `fetch('${url}', { signal: AbortSignal.timeout(3000) }).then(({ status }) => console.log(status), ({ name, cause }) => console.log(cause?.code ?? name))`,
    );

  it('starts what observes the services beside them, and writes nothing the second time', async () => {
    const { output, failures } = await workspace.deploy();
    expect(failures, output).toEqual({});
    for (const part of ['grafana', 'jaeger', 'prometheus']) {
      expect(output).toContain(`${part}  started  in cluster`);
    }
    const before = workspace.versions();
    expect((await workspace.deploy()).output).toMatch(/up to date {2}2 kept/);
    expect(workspace.versions()).toEqual(before);
  });

  it('has every pod of a service in Prometheus, and no other', async () => {
    await vi.waitFor(() => expect(query('count(service_ready)')).toMatch(/=> 2 @/), 30_000);
    const pods = [...query('up == 1').matchAll(/job="([^"]+)".*pod="([^"]+)"/g)];
    expect(pods.map(([, job]) => job)).toEqual(['orders', 'orders']);
    const running = workspace.kubectl(
      ...['get', 'pods', '--selector', 'app.kubernetes.io/name=orders'],
      ...['--output', 'jsonpath={.items[*].metadata.name}'],
    );
    expect(pods.map(([, , pod]) => pod).sort()).toEqual(running.split(' ').sort());
    expect(query('up == 0')).toBe('');
  });

  it('lets services send traces, and Grafana read', async () => {
    const letIn = [
      ['orders', 'http://jaeger:4318/v1/traces'],
      ['grafana', 'http://jaeger:16686/'],
      ['grafana', 'http://prometheus:9090/-/ready'],
    ] as const;
    for (const [from, url] of letIn) {
      await vi.waitFor(() => expect(reach(from, url), `${from} ${url}`).toBe('200'), 30_000);
    }
  });

  describePolicies('where network policies are enforced', () => {
    it.each([
      ['orders', 'http://prometheus:9090/-/ready'],
      ['orders', 'http://jaeger:16686/'],
      ['orders', 'http://grafana:3000/'],
      // It was made without traces.
      ['gateway', 'http://jaeger:4318/v1/traces'],
      ['jaeger', 'http://orders:3001/metrics'],
    ])('does not let %s reach %s', async (from, url) => {
      const refused = expect.stringMatching(/ECONNREFUSED|TimeoutError/) as string;
      await vi.waitFor(() => expect(reach(from, url)).toEqual(refused), 30_000);
    });
  });

  it('gives Prometheus the right to read pods, and to nothing else', () => {
    const as = `system:serviceaccount:${workspace.namespace}:prometheus`;
    const may = (...what: string[]) => {
      try {
        return workspace.kubectl('auth', 'can-i', ...what, '--as', as);
      } catch (error) {
        return String((error as { stdout?: string }).stdout).trim();
      }
    };
    expect(may('list', 'pods')).toBe('yes');
    for (const [verb, kind] of [
      ...[
        ['list', 'secrets'],
        ['delete', 'pods'],
        ['list', 'configmaps'],
        ['create', 'pods'],
      ],
    ] as const) {
      expect(may(verb, kind), `${verb} ${kind}`).toBe('no');
    }
    expect(may('list', 'pods', '--all-namespaces')).toBe('no');
  });

  it('shows Grafana its files, its password and its volume', () => {
    const script = `
      const { readFileSync, writeFileSync, statSync } = require('node:fs');
      writeFileSync('/var/lib/grafana/mine', 'x');
      const read = (path) => readFileSync('/etc/grafana/' + path, 'utf8').length > 0;
      const isReadOnly = (path) => { try { writeFileSync(path, ''); return false; } catch { return true; } };
      console.log(JSON.stringify({
        files: ['provisioning/datasources/datasources.yml', 'provisioning/dashboards/dashboards.yml', 'dashboards/services.json'].map(read),
        password: process.env.GF_SECURITY_ADMIN_PASSWORD,
        user: process.getuid(),
        readOnly: ['/etc/grafana/dashboards/new', '/new'].map(isReadOnly),
      }))`.replaceAll('\n', ' ');
    expect(JSON.parse(node('grafana', script))).toEqual({
      files: [true, true, true],
      password: 'for-this-test-only',
      user: 472,
      readOnly: [true, true],
    });
  });

  it('has pods of the official images that the restricted level takes', async () => {
    const own = parse(read(COMPOSE)) as { services: Record<string, Entry> };
    const tree = createServiceTree({ orders: 'port: 3001\n' });
    await observabilityGenerator(tree, { skipFormat: true });
    const { deployed } = await withFile(COMPOSE, tree.read(COMPOSE, 'utf8')!, async () => {
      const plan = await workspace.deploy(undefined, { plan: true, json: true });
      return { deployed: plan };
    });
    const { observability } = JSON.parse(deployed.output) as {
      observability: { name: string; action: string }[];
    };
    // They differ from what runs by their images alone.
    expect(observability.map(({ name }) => name)).toEqual(Object.keys(own.services).sort());
    const kinds = 'deployments,statefulsets';
    const selector = ['--selector', 'app.kubernetes.io/component=observability'];
    const { items } = JSON.parse(
      workspace.kubectl('get', kinds, ...selector, '--output', 'json'),
    ) as { items: Workload[] };
    expect(items).toHaveLength(3);
    for (const { metadata, spec } of items) {
      const { template, volumeClaimTemplates = [] } = spec;
      const claims = volumeClaimTemplates.map(({ metadata: { name } }) => ({ name, emptyDir: {} }));
      const pod = {
        ...{ apiVersion: 'v1', kind: 'Pod' },
        metadata: { name: `${metadata.name}-as-official`, labels: template.metadata.labels },
        spec: { ...template.spec, volumes: [...(template.spec.volumes ?? []), ...claims] },
      };
      workspace.write({ 'pod.json': JSON.stringify(pod) });
      const dry = ['create', '--dry-run=server', '--validate=strict', '--output', 'name'];
      expect(workspace.kubectl(...dry, '--filename', `${workspace.root}/pod.json`)).toBe(
        `pod/${metadata.name}-as-official`,
      );
    }
  });

  async function withFile<T>(path: string, text: string, work: () => Promise<T>): Promise<T> {
    const before = read(path);
    workspace.write({ [path]: text });
    try {
      return await work();
    } finally {
      workspace.write({ [path]: before });
    }
  }

  it('replaces the pod of a changed file alone', async () => {
    workspace.edit('observability/grafana/dashboards/services.json', (text) => `${text}\n`);
    const before = workspace.versions();
    const { output, failures } = await workspace.deploy();
    expect(failures).toEqual({});
    expect(output).toMatch(/change +grafana +ConfigMap: data\.services\.json/);
    const now = workspace.versions();
    const names = new Set([...Object.keys(before), ...Object.keys(now)]);
    const written = [...names].filter((name) => before[name] !== now[name]).sort();
    expect(written).toEqual([
      'ConfigMap/grafana-files-1',
      expect.stringContaining('Lease/') as string,
      'Pod/grafana-0',
      'StatefulSet/grafana',
    ]);
  });

  it('that does not start is named with its last lines, fails no service, and heals', async () => {
    const good = read(CONFIG);
    workspace.write({ [CONFIG]: 'scrape_configs: [{ job_name: 3, unknown: true }]\n' });
    workspace.push('gateway', 'two');
    await expect(workspace.deploy()).rejects.toThrow(
      /observability was not deployed as declared \(prometheus\)[\s\S]*prometheus: it ends again[\s\S]*field unknown not found/,
    );
    expect(workspace.served('gateway')).toEqual([workspace.image('gateway')]);
    workspace.write({ [CONFIG]: good });
    const { output, failures } = await workspace.deploy();
    expect(failures, output).toEqual({});
    expect(output).toContain('prometheus  changed  in cluster');
    // What it had stored is still there.
    expect(query('count(max_over_time(service_ready[1h]))')).toMatch(/=> 2 @/);
  });

  it('is left if the environment runs it no more, and goes with --prune', async () => {
    workspace.edit('environments/cluster.yml', (text) =>
      text.replace('observability: in-cluster', 'observability: none'),
    );
    const { output, failures } = await workspace.deploy(undefined, { prune: true });
    expect(failures, output).toEqual({});
    expect(output).toMatch(/remove +prometheus/);
    const selector = ['--selector', 'app.kubernetes.io/component=observability'];
    const kinds =
      'statefulsets,deployments,services,configmaps,serviceaccounts,networkpolicies,roles,rolebindings';
    expect(workspace.kubectl('get', kinds, ...selector, '--output', 'name')).toBe('');
    const claims = workspace.kubectl('get', 'persistentvolumeclaims', '--output', 'name');
    expect(claims.split('\n').sort()).toEqual([
      'persistentvolumeclaim/grafana-data-grafana-0',
      'persistentvolumeclaim/prometheus-data-prometheus-0',
    ]);
    expect((await workspace.deploy()).output).toMatch(/up to date {2}2 kept/);
  });
});
