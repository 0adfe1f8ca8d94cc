import { updateJson } from '@nx/devkit';
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { ensurePrometheusImage } from '../../../../../tools/images/observability/prometheus-image';
import { describeEngine } from '../../../../../tools/testing/describe-engine';
import { freePort } from '../../../../../tools/testing/free-port';
import { bundleInto } from '../../testing/bundled-service';
import { docker, EngineWorkspace } from '../../testing/engine-workspace';
import { treeFiles } from '../../testing/tree-files';
import { serviceGenerator } from '../service/generator';
import { observabilityGenerator } from './generator';

const DASHBOARD = 'observability/grafana/dashboards/services.json';

interface Sample {
  metric: Record<string, string>;
  value: [number, string];
}

describeEngine('Prometheus beside a generated service', () => {
  let workspace: EngineWorkspace;
  let url: string;

  const compose = (...args: string[]) =>
    docker(
      ...['compose', '--project-directory', workspace.root],
      ...['--file', join(workspace.root, 'compose.yaml')],
      ...['--file', join(workspace.root, 'environments/development.compose.yaml')],
      ...args,
    );
  const observed = (...args: string[]) => compose('--profile', 'observability', ...args);
  const query = async (text: string): Promise<Sample[]> => {
    const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(text)}`);
    const { status, error, data } = (await response.json()) as {
      status: string;
      error?: string;
      data?: { result: Sample[] };
    };
    expect(status, `${text}: ${error}`).toBe('success');
    return data!.result;
  };
  const value = async (text: string) => Number((await query(text))[0]?.value[1]);

  beforeAll(async () => {
    await ensurePrometheusImage();
    workspace = new EngineWorkspace();
    const tree = createTreeWithEmptyWorkspace({ formatter: 'none' });
    const name = `@${workspace.platform}/source`;
    updateJson(tree, 'package.json', (json: object) => ({ ...json, name }));
    await serviceGenerator(tree, { name: 'users' });
    await observabilityGenerator(tree, {});
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const edited = {
      'environments/development.compose.yaml': (text: string) =>
        text.replace('127.0.0.1:9090:', `127.0.0.1:${port}:`),
      'observability/prometheus/prometheus.yml': (text: string) => text.replaceAll('15s', '1s'),
    };
    const files = treeFiles(tree);
    for (const [path, edit] of Object.entries(edited)) files[path] = edit(files[path]!);
    workspace.write({
      ...files,
      '.env': 'METRICS=on\nGRAFANA_PASSWORD=for-this-test-only\n',
    });
    await buildImage('users');
    const wait = ['--wait', '--wait-timeout', '300'];
    observed('up', '--detach', '--no-build', ...wait, 'users', 'prometheus');
  });

  afterAll(() => {
    if (!workspace) return;
    observed('down', '--volumes', '--timeout', '5');
    workspace.remove();
  });

  async function buildImage(service: string): Promise<void> {
    const { root, platform } = workspace;
    const projectRoot = `apps/${service}`;
    await bundleInto(root, [service]);
    docker(
      ...['buildx', 'build', '--builder', 'default', '--load', '--quiet'],
      // What is built lies in one folder below.
      ...['--build-context', `artifact=${join(root, 'dist/apps')}`],
      ...['--file', join(root, projectRoot, 'Dockerfile')],
      ...['--tag', `${platform}/${service}:local`, root],
    );
  }

  it('is not part of the platform without the profile', () => {
    expect(compose('config', '--services').split('\n')).toEqual(['users']);
    expect(observed('config', '--services').split('\n').sort()).toEqual([
      'grafana',
      'jaeger',
      'prometheus',
      'users',
    ]);
  });

  it('scrapes it', async () => {
    await vi.waitFor(async () => expect(await value('up{job="users"}')).toBe(1), 30_000);
    await vi.waitFor(async () => expect(await value('service_ready{service="users"}')).toBe(1));
  });

  it('answers every question of the dashboard', async () => {
    const ask = `setInterval(() => fetch('http://127.0.0.1:' + process.env.PORT + '/hello').then((r) => r.text()), 100); setTimeout(() => process.exit(0), 4000)`;
    docker('exec', observed('ps', '--quiet', 'users'), 'node', '-e', ask);
    const dashboard = JSON.parse(workspace.read(DASHBOARD)) as {
      panels: { title: string; targets: { expr: string }[] }[];
    };
    expect(dashboard.panels.length).toBeGreaterThan(5);
    for (const { title, targets } of dashboard.panels) {
      for (const { expr } of targets) {
        const samples = await query(
          expr.replaceAll('$service', '.*').replaceAll('$__rate_interval', '10s'),
        );
        const services = samples.map(({ metric }) => metric['service']);
        // There is nothing to tell of errors before the first one.
        expect(services, title).toEqual(title === 'Errors' ? [] : ['users']);
      }
    }
    const rate = 'sum by (route) (rate(http_requests_total{service="users"}[10s]))';
    expect(await query(rate)).toMatchObject([{ metric: { route: '/hello' } }]);
    expect(await value(rate)).toBeGreaterThan(0);
  });

  it('finds every replica, and not only one of them', async () => {
    observed('up', '--detach', '--no-build', '--no-recreate', '--scale', 'users=2', 'users');
    await vi.waitFor(async () => expect(await value('sum(up{job="users"})')).toBe(2), 30_000);
  });

  it('runs without rights, and is reached from this machine alone', () => {
    const container = observed('ps', '--quiet', 'prometheus');
    const status = docker('exec', container, 'cat', '/proc/1/status');
    expect(status).toMatch(/^CapEff:\t0+$/m);
    expect(status).toMatch(/^Uid:\t65534/m);
    expect(docker('port', container)).toMatch(/^9090\/tcp -> 127\.0\.0\.1:\d+$/);
    const networks = '{{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{end}}';
    expect(docker('inspect', '--format', networks, container).trim().split(' ')).toEqual([
      `${workspace.platform}_edge`,
      `${workspace.platform}_observability`,
    ]);
  });
});
