import { describe, expect, it } from 'vitest';
import { desiredParts, desiredService, type DesiredEntry } from '../../kubernetes/desired-service';
import type { LiveObject } from '../../kubernetes/live-object';
import { liveObjects, planObject } from '../../kubernetes/object-plan';
import type { Pod } from '../../kubernetes/pod-trouble';
import { renderPlatform } from '../../kubernetes/render';
import { parseAnyEnvironment } from '../../platform/environment';
import type { KubernetesEnvironment } from '../../platform/kubernetes-environment';
import { deployedCluster } from '../../testing/deployed-cluster';
import { platformOf } from '../../testing/platform';
import { plain } from '../shell';
import { reportCluster, type ClusterStatusFacts } from './cluster-report';
import { statusSchema, type PlatformStatus } from './document';
import { formatStatus } from './format';
import { isInStep } from './report';

const COMMIT = 'c'.repeat(40);
const SECRETS = new Map([
  ['orders', 'orders-0123456789'],
  ['orders-database', 'orders-database-0123456789'],
]);
const image = (name: string, letter = 'a') => ({
  key: letter.repeat(64),
  image: `registry.example.com/acme/${name}@sha256:${letter.repeat(64)}`,
});
const platform = platformOf({
  orders: 'port: 3001\ndatastores:\n  database: postgres\n',
  gateway: 'kind: gateway\nport: 3000\nconsumes: [orders]\n',
});

function render({ more = '', level = 'info', orders = 'a' } = {}) {
  const environment = parseAnyEnvironment(
    'live',
    `engine: kubernetes\ncontext: far\nregistry: registry.example.com/acme\n${more}`,
  ) as KubernetesEnvironment;
  const images = new Map([
    ['orders', image('orders', orders)],
    ['gateway', image('gateway')],
  ]);
  const written = {
    services: {
      orders: { environment: { LEVEL: level, KEY: '${KEY}' } },
      'orders-database': {
        image: 'postgres:18',
        environment: { POSTGRES_PASSWORD: '${PASSWORD}' },
        volumes: [{ type: 'volume', source: 'data', target: '/var/lib/postgresql' }],
      },
      gateway: {},
    },
  };
  const ports = new Map([['orders-database', 5432]]);
  const rendered = renderPlatform({ platform, environment, written, images, ports });
  const services = new Map(
    rendered.entries
      .filter(({ kind }) => kind === 'service')
      .map(({ name }) => [name, desiredService(rendered, name, images.get(name)!, SECRETS)]),
  );
  return { environment, images, rendered, services };
}

/** Deployed, and then something is otherwise. */
function facts(more: Partial<ClusterStatusFacts> = {}): ClusterStatusFacts {
  const { environment, images, rendered, services } = render();
  const deployed = deployedCluster(rendered, images, {
    secrets: SECRETS,
    commit: `${COMMIT} 1764240000`,
  });
  return {
    ...{ platform, environment, ...deployed, built: new Map(), namespace: 'acme-live' },
    parts: [],
    declared: { services, shared: rendered.shared, parts: desiredParts(rendered, SECRETS) },
    pushed: new Map([...images].map(([name, { key }]) => [name, key])),
    commitsSince: new Map([[COMMIT, 3]]),
    now: Date.parse('2026-11-21T12:00:00Z'),
    ...more,
  };
}

function declared(how: Parameters<typeof render>[0]): Partial<ClusterStatusFacts> {
  const { environment, services, rendered, images } = render(how);
  return {
    environment,
    declared: { services, shared: rendered.shared, parts: desiredParts(rendered, SECRETS) },
    pushed: new Map([...images].map(([name, { key }]) => [name, key])),
  };
}

function withObjects(change: (objects: readonly LiveObject[]) => readonly LiveObject[]) {
  const { state } = facts();
  const objects = change(state.objects);
  return { state: { ...state, objects, live: liveObjects(objects) } };
}

function withPod(name: string, change: (pod: Pod) => Pod): Partial<ClusterStatusFacts> {
  return { pods: facts().pods.map((pod) => (pod.metadata.name === name ? change(pod) : pod)) };
}

const named = (status: PlatformStatus, name: string) =>
  status.services.find((service) => service.name === name)!;

describe('the report of a cluster', () => {
  it('shows all facts of a service that is up to date', () => {
    const status = reportCluster(facts());
    expect(statusSchema.parse(status)).toEqual(status);
    expect(isInStep(status)).toBe(true);
    expect(named(status, 'orders')).toEqual({
      name: 'orders',
      kind: 'service',
      state: 'in-step',
      drift: [],
      health: 'healthy',
      replicas: { running: 1, wanted: 1 },
      key: 'a'.repeat(64),
      wantedKey: 'a'.repeat(64),
      revision: COMMIT,
      commitsBehind: 3,
      since: '2026-11-21T11:00:00Z',
      containers: ['orders-1'],
    });
    expect(status).toMatchObject({
      project: 'acme-live',
      backing: [
        {
          name: 'orders-database',
          engine: 'postgres',
          image: 'postgres:18',
          health: 'healthy',
          drift: [],
        },
      ],
      left: [],
      notes: [],
    });
  });

  it.each([
    [true, '10 % of its requests go to a canary (bbbbbbbbbbbb)'],
    [false, 'the start of a canary (bbbbbbbbbbbb) was interrupted: it gets no requests'],
  ])('shows a canary (ready: %s)', (ready, words) => {
    const { state, ...rest } = facts();
    const book = state.books.get('gateway')!;
    const release = { ...book.releases[0]!, ...image('gateway', 'b') };
    const canary = { weight: 10, ready, release };
    const books = new Map([...state.books, ['gateway', { ...book, canary }]]);
    const status = reportCluster({ ...rest, state: { ...state, books } });
    expect(statusSchema.parse(status)).toEqual(status);
    expect(named(status, 'gateway')).toMatchObject({
      ...{ state: 'drifted', drift: [words], key: 'a'.repeat(64) },
      canary: { key: 'b'.repeat(64), weight: 10, ready, health: 'down' },
    });
    expect(named(status, 'orders').canary).toBeUndefined();
  });

  it('shows the header of a canary', () => {
    const { state, ...rest } = facts();
    const book = state.books.get('gateway')!;
    const release = { ...book.releases[0]!, ...image('gateway', 'b') };
    const header = { name: 'X-Version', value: 'next' };
    const canary = { weight: 0, header, ready: true, release };
    const books = new Map([...state.books, ['gateway', { ...book, canary }]]);
    const status = reportCluster({ ...rest, state: { ...state, books } });
    expect(named(status, 'gateway')).toMatchObject({
      drift: ['requests with "X-Version: next" go to a canary (bbbbbbbbbbbb)'],
      canary: { header: 'X-Version: next' },
    });
  });

  it('is printed as that of an engine', () => {
    const lines = formatStatus(
      reportCluster(facts()),
      Date.parse('2026-11-21T12:00:00Z'),
      plain,
    ).join('\n');
    expect(lines).toMatch(
      /✓ +orders +up to date +aaaaaaaaaaaa +ccccccc \(3 behind\) +1\/1 +healthy/,
    );
    expect(lines).toContain('everything is up to date');
  });

  it.each<[string, Partial<ClusterStatusFacts>, object]>([
    [
      'another image was pushed',
      declared({ orders: 'b' }),
      { state: 'drifted', drift: ['image changed: aaaaaaaaaaaa -> bbbbbbbbbbbb'] },
    ],
    [
      'a variable changed',
      declared({ level: 'debug' }),
      { state: 'drifted', drift: ['Deployment: variables LEVEL'] },
    ],
    [
      'a person scaled it',
      withObjects((objects) =>
        objects.map((one) =>
          one.kind === 'Deployment' && one.metadata.name === 'orders'
            ? { ...one, spec: { ...(one.spec as object), replicas: 3 } }
            : one,
        ),
      ),
      { state: 'drifted', drift: ['Deployment: changed in the cluster: spec.replicas'] },
    ],
    [
      'a person deleted its policy',
      withObjects((objects) =>
        objects.filter(
          ({ kind, metadata }) => kind !== 'NetworkPolicy' || metadata.name !== 'orders',
        ),
      ),
      { state: 'drifted', drift: ['NetworkPolicy is not there'] },
    ],
    [
      'its Secret was deleted',
      { state: { ...facts().state, secrets: new Set(['orders-database-0123456789']) } },
      { state: 'drifted', drift: ['its Secret is not there'] },
    ],
    [
      'it was never deployed',
      {
        ...withObjects((objects) => objects.filter(({ metadata }) => metadata.name !== 'orders')),
        pods: facts().pods.filter(({ metadata }) => metadata.name !== 'orders-1'),
      },
      { state: 'not-deployed', drift: ['not deployed'], health: 'down' },
    ],
    [
      'its pod ends again and again',
      withPod('orders-1', (pod) => ({
        ...pod,
        status: {
          phase: 'Running',
          containerStatuses: [
            {
              ...{ name: 'orders', restartCount: 4 },
              state: { waiting: { reason: 'CrashLoopBackOff' } },
              lastState: { terminated: { exitCode: 3 } },
            },
          ],
        },
      })),
      {
        state: 'drifted',
        health: 'restarting',
        drift: ['orders-1: it ends again and again (exit code 3)'],
      },
    ],
    [
      'its pod is not ready any more',
      withPod('orders-1', (pod) => ({ ...pod, status: { ...pod.status, conditions: [] } })),
      { state: 'drifted', health: 'unhealthy', drift: ['orders-1 is unhealthy'] },
    ],
    [
      'a pod is missing',
      declared({ more: 'services: { orders: { replicas: 2 } }\n' }),
      {
        drift: expect.arrayContaining(['Deployment: spec.replicas', '1 of 2 replicas']) as string[],
      },
    ],
    [
      'nothing was pushed from here',
      { pushed: new Map() },
      { state: 'not-compared', drift: [expect.stringMatching(/pushed nothing for live yet/)] },
    ],
    [
      'objects cannot be rendered',
      { declared: { services: new Map(), shared: [], parts: [], problem: 'no docker' } },
      { state: 'not-compared', drift: ['its objects were not compared'] },
    ],
    [
      'a build was not pushed',
      { built: new Map([['orders', 'b'.repeat(64)]]) },
      { state: 'drifted', drift: ['built but not pushed: bbbbbbbbbbbb'] },
    ],
  ])('says so if %s', (_, more, expected) => {
    const status = reportCluster(facts(more));
    expect(named(status, 'orders')).toMatchObject(expected);
    expect(isInStep(status)).toBe(false);
  });

  it('counts the pods of an autoscaler as wanted', () => {
    const autoscale = declared({
      more: 'services: { orders: { autoscale: { min: 1, max: 5, cpu: 70 } } }\n',
    });
    expect(named(reportCluster(facts(autoscale)), 'orders').replicas).toEqual({
      running: 1,
      wanted: 1,
    });
  });

  it('says that a service was stopped by a restore, and how many pods it had', () => {
    const stopped = withObjects((all) =>
      all.map((one) =>
        one.kind === 'Deployment' && one.metadata.name === 'orders'
          ? {
              ...one,
              metadata: {
                ...one.metadata,
                annotations: {
                  ...one.metadata.annotations,
                  'org.micro/replicas-before-restore': '3',
                },
              },
              spec: { ...(one.spec as object), replicas: 0 },
            }
          : one,
      ),
    );
    const { replicas, drift } = named(reportCluster(facts({ ...stopped, pods: [] })), 'orders');
    expect(replicas).toEqual({ running: 0, wanted: 3 });
    expect(drift).toContain('stopped by a restore; if none is running, run it again');
  });

  it('does not count pods that end', () => {
    const old = { ...facts().pods[0]!, metadata: { name: 'orders-0', deletionTimestamp: 'now' } };
    const status = reportCluster(facts({ pods: [...facts().pods, old] }));
    expect(named(status, 'orders').containers).toEqual(['orders-1']);
  });

  it.each<[string, Partial<ClusterStatusFacts>, string[]]>([
    [
      'is gone',
      withObjects((all) => all.filter(({ kind }) => kind !== 'StatefulSet')),
      ['not running'],
    ],
    [
      'has another entry',
      withObjects((all) =>
        all.map((one) => (one.kind === 'StatefulSet' ? { ...one, spec: { replicas: 1 } } : one)),
      ),
      [expect.stringMatching(/^StatefulSet: changed in the cluster: /)],
    ],
    [
      'has no pod',
      { pods: facts().pods.filter(({ metadata }) => metadata.name !== 'orders-database-1') },
      ['not running'],
    ],
  ])('says so if a datastore %s', (_, more, drift) => {
    const { backing } = reportCluster(facts(more));
    expect(backing).toMatchObject([{ name: 'orders-database', drift }]);
  });

  it('shows what observes the platform, and that it is left once it is not declared', () => {
    const jaeger = (version: string): DesiredEntry => ({
      ...{ name: 'jaeger', kind: 'observability', secret: { variables: [], files: [] } },
      objects: [
        {
          ...{ apiVersion: 'apps/v1', kind: 'Deployment' },
          metadata: { name: 'jaeger', labels: { 'app.kubernetes.io/name': 'jaeger' } },
          spec: {
            selector: {},
            template: { spec: { containers: [{ name: 'jaeger', image: version }] } },
          },
        },
      ],
    });
    const there = withObjects((all) => [
      ...all,
      planObject(jaeger('1').objects[0]!, new Map()).object as LiveObject,
    ]);
    const report = (version: string, more: Partial<ClusterStatusFacts>) => {
      const declaredParts = { ...facts().declared, parts: [jaeger(version)] };
      return reportCluster(facts({ declared: declaredParts, parts: ['jaeger'], ...more }));
    };
    expect(report('1', {}).backing).toContainEqual({
      ...{ name: 'jaeger', engine: 'observability', health: 'down', drift: ['not running'] },
    });
    const pod = {
      ...facts().pods[0]!,
      metadata: { name: 'jaeger-1', labels: { 'app.kubernetes.io/name': 'jaeger' } },
    };
    const pods = [...facts().pods, pod];
    expect(report('1', { ...there, pods }).backing).toContainEqual(
      expect.objectContaining({ name: 'jaeger', health: 'healthy', drift: [] }),
    );
    expect(report('2', { ...there, pods }).backing).toContainEqual(
      expect.objectContaining({ drift: ['Deployment: another image'] }),
    );
    expect(reportCluster(facts(there)).left).toEqual(['jaeger']);
  });

  it('shows what left the workspace, what runs elsewhere and what is missing for all', () => {
    const elsewhere = declared({ more: 'links: { orders: https://orders.example.com }\n' });
    expect(reportCluster(facts(elsewhere))).toMatchObject({
      services: [{ name: 'gateway', state: 'drifted' }],
      left: [],
      notes: ['orders runs elsewhere: https://orders.example.com'],
    });
    const smaller = platformOf({ gateway: 'kind: gateway\nport: 3000\n' });
    expect(reportCluster(facts({ platform: smaller })).left).toEqual([
      ...['orders', 'orders-database'],
    ]);
    const { name } = facts().declared.shared[0]!.metadata!;
    const status = reportCluster(
      facts(withObjects((all) => all.filter(({ metadata }) => metadata.name !== name))),
    );
    expect(status.backing).toContainEqual({
      ...{ name, engine: 'NetworkPolicy', health: 'unchecked', drift: ['not there'] },
    });
    expect(isInStep(status)).toBe(false);
  });
});
