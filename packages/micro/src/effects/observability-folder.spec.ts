import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAnyEnvironment } from '../platform/environment';
import type { KubernetesEnvironment } from '../platform/kubernetes-environment';
import { temporaryWorkspace } from '../testing/temporary-workspace';
import { observabilityParts, readObservability } from './observability-folder';

const COMPOSE = `services:
  grafana:
    image: grafana/grafana:12.2.0
    volumes:
      - ./grafana:/etc/grafana
  jaeger:
    image: jaegertracing/jaeger:2.15.0
`;
const HEAD = 'engine: kubernetes\ncontext: far\nregistry: reg.example.com\n';

function workspace(files: Record<string, string> = {}) {
  return temporaryWorkspace({
    'environments/live.yml': `${HEAD}observability: in-cluster\n`,
    'observability/compose.yaml': COMPOSE,
    'observability/grafana/dashboards/a.json': '{}',
    'observability/grafana/grafana.ini': '[server]\n',
    ...files,
  });
}

const environment = (observability = 'in-cluster') =>
  parseAnyEnvironment('live', `${HEAD}observability: ${observability}\n`) as KubernetesEnvironment;

function read(root: string, sources = ['observability/grafana']) {
  const volumes = sources.map((source) => ({
    ...{ type: 'bind', source: source.startsWith('/') ? source : join(root, source) },
    target: '/etc/grafana',
  }));
  const written = { services: { grafana: { volumes }, jaeger: {} } };
  return readObservability(root, environment(), written);
}

describe('what a workspace has in observability/', () => {
  it('is read with every file that its entries mount', async () => {
    const root = workspace();
    const found = await read(root);
    expect(found?.parts).toEqual(['grafana', 'jaeger']);
    const files = found?.files.get(join(root, 'observability/grafana')) ?? [];
    expect(files.map(({ file, path, content }) => [file, path, content.toString()])).toEqual([
      ['observability/grafana/dashboards/a.json', 'dashboards/a.json', '{}'],
      ['observability/grafana/grafana.ini', 'grafana.ini', '[server]\n'],
    ]);
  });

  it('may be a single file', async () => {
    const root = workspace();
    const source = 'observability/grafana/grafana.ini';
    const files = (await read(root, [source]))?.files.get(join(root, source));
    expect(files).toMatchObject([{ file: source, path: '' }]);
  });

  it('is not read if the environment runs nothing of it', async () => {
    const none = environment('none');
    const root = temporaryWorkspace();
    expect(await readObservability(root, none, { services: {} })).toBeUndefined();
    expect(observabilityParts(root, none)).toEqual([]);
    expect(observabilityParts(workspace(), environment())).toEqual(['grafana', 'jaeger']);
  });

  const AT = 'observability/compose.yaml:4: grafana: ';
  it.each<[string, string, (root: string) => Promise<unknown>, Record<string, string>?]>([
    [
      'a folder of the machine',
      `${AT}it mounts /etc, which no node has`,
      (root) => read(root, ['/etc']),
    ],
    ['another folder of the workspace', `${AT}it mounts `, (root) => read(root, ['environments'])],
    ['what is not there', 'which is not there', (root) => read(root, ['observability/none'])],
    [
      'a secret',
      `${AT}observability/grafana/.env has a name of files for secrets, and everybody`,
      (root) => read(root),
      { 'observability/grafana/.env': 'A=b\n' },
    ],
    [
      'more than an object holds',
      `${AT}observability/grafana has 1001 kB, and a ConfigMap takes 1000 kB: mount its folders one by one`,
      (root) => read(root),
      { 'observability/grafana/big.json': 'a'.repeat(1_000_100) },
    ],
    [
      'a file that compose.yaml does not include',
      'compose.yaml does not include observability/compose.yaml (it has no grafana, jaeger): run "nx sync"',
      (root) => readObservability(root, environment(), { services: {} }),
    ],
  ])('says where it is wrong: %s', async (_, message, work, files) => {
    await expect(work(workspace(files))).rejects.toThrow(message);
  });

  it('says how to get it', async () => {
    const root = temporaryWorkspace({
      'environments/live.yml': `${HEAD}observability: in-cluster\n`,
    });
    await expect(readObservability(root, environment(), { services: {} })).rejects.toThrow(
      'environments/live.yml:4: "observability" is in-cluster, but observability/compose.yaml is not there: run "nx g @org/micro:observability"',
    );
  });
});
