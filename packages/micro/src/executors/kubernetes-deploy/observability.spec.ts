import { describe, expect, it } from 'vitest';
import { deployRecorded, printWritten } from '../../testing/recorded-deploy';
import { failure, type Answer } from '../../testing/recording-runner';
import { recordedTask } from '../../testing/service-task';
import type { DeployOptions } from '../deploy-options';

const PUSH = {
  ...{ kind: 'pushed', service: 'orders', key: 'k1', environment: 'production' },
  ...{ image: 'reg.example.com/acme/orders:k-1', digest: `sha256:${'a'.repeat(64)}` },
  ...{ tags: [], since: '2026-11-27T12:00:00.000Z' },
};
const PARTS = {
  grafana: {
    image: 'grafana/grafana:12.2.0',
    environment: { PASSWORD: '${GRAFANA_PASSWORD:?}' },
    volumes: [{ type: 'volume', source: 'data', target: '/var/lib/grafana' }],
  },
  jaeger: { image: 'jaegertracing/jaeger:2.15.0' },
};
const FILES = {
  'package.json': JSON.stringify({ name: '@acme/source' }),
  'compose.yaml': '',
  'apps/orders/package.json': JSON.stringify({ name: 'orders' }),
  'observability/compose.yaml': JSON.stringify({ services: PARTS }),
  'environments/production.yml':
    'engine: kubernetes\ncontext: far\nregistry: reg.example.com\nobservability: in-cluster\n',
  'dist/receipts/apps/orders/docker-push.production.json': JSON.stringify(PUSH),
};

const ready = (kind: string, name: string) => ({
  ...{ apiVersion: 'apps/v1', kind },
  metadata: { name, uid: name, labels: { 'app.kubernetes.io/name': name } },
  spec: { replicas: 1 },
  status: {
    ...{ observedGeneration: 1, replicas: 1, updatedReplicas: 1, availableReplicas: 1 },
    readyReplicas: 1,
  },
});
const starting = (kind: string, name: string) => ({ ...ready(kind, name), status: {} });
const crashed = (name: string) => ({
  ...{ apiVersion: 'v1', kind: 'Pod' },
  metadata: {
    name: `${name}-0`,
    labels: { 'app.kubernetes.io/name': name },
    ownerReferences: [{ kind: 'StatefulSet', name, uid: name }],
  },
  status: {
    phase: 'Running',
    containerStatuses: [{ name, state: { waiting: { reason: 'CrashLoopBackOff' } } }],
  },
});
const READY = [
  ready('Deployment', 'orders'),
  ready('StatefulSet', 'grafana'),
  ready('Deployment', 'jaeger'),
];

/** An empty cluster, in which everything that is applied has become this. */
const clusterOf =
  (objects: readonly object[], names = ''): Answer =>
  (line, command) => {
    const { args } = command;
    if (line.startsWith('docker')) {
      const environment = { PORT: '3001', OTEL_EXPORTER_OTLP_ENDPOINT: '' };
      const services = { ...PARTS, orders: { environment } };
      return { stdout: JSON.stringify({ services }) };
    }
    if (line.startsWith('git')) return failure('not a git repository', 128);
    if (args.includes('namespace')) return { stdout: '{"status":{"phase":"Active"}}' };
    if (args.includes('replace') || (args.includes('create') && line.includes('json'))) {
      return printWritten(command);
    }
    if (args.includes('name') && line.includes('deployments.apps')) return { stdout: names };
    if (/ get (?:lease|secret|secrets) /.test(line) || args.includes('create')) return {};
    if (line.includes('pods')) return { stdout: JSON.stringify({ items: objects }) };
    return { stdout: '{"items":[]}' };
  };

async function deploy(answer: Answer, more: DeployOptions = {}) {
  const task = recordedTask(FILES, answer);
  const ended = await deployRecorded(task, more).then(
    (failures) => [...failures.values()].map(({ message }) => message).join('\n'),
    (error: Error) => error.message,
  );
  const applied = task.runner.commands
    .filter(({ args }) => args.includes('apply'))
    .flatMap(({ stdin }) => namesIn(String(stdin)));
  return { ended, applied, said: task.said, lines: task.runner.lines };
}

function namesIn(json: string): string[] {
  const { items } = JSON.parse(json) as { items: { kind: string; metadata: { name: string } }[] };
  return items.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
}

describe('observability of a deploy to a cluster', () => {
  it('is started beside the services', async () => {
    const { ended, applied, said, lines } = await deploy(clusterOf(READY));
    expect(ended).toBe('');
    expect(applied).toEqual(
      expect.arrayContaining(['StatefulSet/grafana', 'Deployment/jaeger', 'Deployment/orders']),
    );
    expect(said).toContain('grafana  started  in production');
    expect(said.join('\n')).toMatch(/ {2}create +grafana +it is not running/);
    // Its entries have a profile, which Compose leaves out unless it is named.
    const composed = lines.filter((line) => line.includes('compose'));
    expect(composed.length).toBeGreaterThan(0);
    for (const line of composed) expect(line).toContain('--profile observability');
  });

  it('that does not start fails the run with its reason, and no service', async () => {
    const broken = [READY[0]!, starting('StatefulSet', 'grafana'), crashed('grafana'), READY[2]!];
    const { ended, applied, said } = await deploy(clusterOf(broken));
    expect(ended).toMatch(
      /^observability was not deployed as declared \(grafana\); services are not affected by it\ngrafana: it ends again and again/,
    );
    expect(applied).toContain('ConfigMap/orders-releases');
    expect(said.join('\n')).toMatch(/orders {2}deployed {2}r1 in production/);
    expect(said).toContain('jaeger  started  in production');
  });

  it('that somebody else runs under the same name is not taken over', async () => {
    const { ended, applied } = await deploy(clusterOf(READY, 'statefulset.apps/grafana\n'));
    expect(ended).toContain(
      'grafana was not changed: the namespace acme-production has statefulset/grafana, which no deploy of acme to production made',
    );
    expect(applied).not.toContain('StatefulSet/grafana');
    expect(applied).toContain('Deployment/orders');
  });

  it('is in the plan', async () => {
    const { ended, applied, said } = await deploy(clusterOf(READY), { plan: true, json: true });
    expect([ended, applied]).toEqual(['', []]);
    const { observability } = JSON.parse(said[0]!) as {
      observability: { name: string; action: string; objects: { object: string }[] }[];
    };
    expect(observability.map(({ name, action }) => [name, action])).toEqual([
      ['grafana', 'create'],
      ['jaeger', 'create'],
    ]);
    expect(observability[0]!.objects.map(({ object }) => object)).toEqual([
      expect.stringMatching(/^secret\/grafana-/) as string,
      ...['serviceaccount/grafana', 'service/grafana', 'statefulset/grafana'],
      'networkpolicy/grafana',
    ]);
  });
});
