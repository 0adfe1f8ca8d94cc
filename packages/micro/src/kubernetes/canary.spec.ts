import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import { Service } from 'kubernetes-models/v1/Service';
import { describe, expect, it } from 'vitest';
import type { KubernetesEnvironment } from '../platform/kubernetes-environment';
import { parseAnyEnvironment } from '../platform/environment';
import { platformOf } from '../testing/platform';
import { deployedCluster } from '../testing/deployed-cluster';
import { canaryReplicas } from '../platform/canary';
import { isRouteSeen, routedToCanary } from './canary-route';
import { canaryProblem, liveCanary, planCanary } from './canary-plan';
import { leftObjects } from './cluster-plan';
import { desiredRelease, desiredService } from './desired-service';
import type { LiveObject } from './live-object';
import { hashOf, liveObjects } from './object-plan';
import type { ClusterBook, RunningCanary } from './release-book';
import { renderPlatform } from './render';
import { planService, type ClusterFacts, type OwnPlan } from './service-plan';

const PLATFORM = platformOf({
  gateway: 'kind: gateway\nport: 3000\nconsumes: [orders]\nreplicas: 4\n',
  orders: 'port: 3001\ndatastores: { database: postgres }\n',
});
const MODELS = { Deployment, Service, NetworkPolicy };
const GATEWAY = 'gateway: { name: public, namespace: infra }\n';
const HOST = 'services: { gateway: { host: shop.example.com } }\n';

const image = (name: string, letter: string) => ({
  key: letter.repeat(64),
  image: `reg.example.com/acme/${name}@sha256:${letter.repeat(64)}`,
});

/** @param letter of the image of the gateway. */
function render(letter: string, more = GATEWAY + HOST) {
  const environment = parseAnyEnvironment(
    'live',
    `engine: kubernetes\ncontext: far\nregistry: reg.example.com/acme\n${more}`,
  ) as KubernetesEnvironment;
  const images = new Map([
    ['gateway', image('gateway', letter)],
    ['orders', image('orders', 'a')],
  ]);
  const written = {
    services: { gateway: {}, orders: {}, 'orders-database': { image: 'postgres:18', volumes: [] } },
  };
  const ports = new Map([['orders-database', 5432]]);
  const rendered = renderPlatform({ platform: PLATFORM, environment, written, images, ports });
  const desired = (name: string) => desiredService(rendered, name, images.get(name)!, new Map());
  return { rendered, images, desired };
}

const { rendered, images, desired } = render('a');
const { state } = deployedCluster(rendered, images);
// All four pods of the gateway are ready.
const four = { observedGeneration: 1, replicas: 4, updatedReplicas: 4, availableReplicas: 4 };
Object.assign(state.live.get('Deployment/gateway')!, { status: four });
const next = render('b').desired('gateway');

/** The cluster once all objects of a plan are applied. */
function after(facts: ClusterFacts, plan: OwnPlan, canary: RunningCanary): ClusterFacts {
  const applied = [...plan.objects, ...(plan.canary?.routes ?? [])].map(
    ({ object }): LiveObject => ({
      ...(structuredClone(object) as LiveObject),
      status: { observedGeneration: 1, replicas: 1, updatedReplicas: 1, availableReplicas: 1 },
    }),
  );
  const book: ClusterBook = { ...facts.books.get('gateway')!, canary };
  return {
    ...facts,
    live: new Map([...facts.live, ...liveObjects(applied)]),
    books: new Map([...facts.books, ['gateway', book]]),
  };
}

const RELEASE = {
  ...{ number: 2, key: next.key, image: next.image, hash: next.hash, since: '', jobs: [] },
  ...{ objects: next.recorded, secret: next.entry.secret },
};
const CANARY: RunningCanary = { weight: 10, ready: true, release: RELEASE };
const started = planCanary(next, { weight: 10 }, state);
const running = after(state, started, CANARY);

interface Routed {
  spec: { rules: { backendRefs: object[] }[] };
}

const HEADER = { name: 'X-Version', value: 'next' };
const rulesOf = ({ canary }: OwnPlan) =>
  canary!.routes.flatMap(({ object }) => (object as unknown as Routed).spec.rules);
const backends = (object: unknown) => (object as Routed).spec.rules[0]!.backendRefs;
const BOTH = [
  { name: 'gateway', port: 3000, weight: 90 },
  { name: 'gateway-canary', port: 3000, weight: 10 },
];
const ONE = [{ name: 'gateway', port: 3000 }];

describe('a canary', () => {
  it('is made of objects that Kubernetes takes, which no Service or policy of others finds', () => {
    expect(started).toMatchObject({
      action: 'canary',
      reason: '10 % of its requests go to a canary',
    });
    const objects = started.objects.map(({ object }) => object);
    expect(objects.map(({ kind, metadata }) => `${kind}/${metadata!.name}`)).toEqual([
      'NetworkPolicy/gateway-canary-to-orders',
      'Service/gateway-canary',
      'Deployment/gateway-canary',
      'NetworkPolicy/gateway-canary',
    ]);
    for (const object of objects) {
      const Model = MODELS[object.kind as keyof typeof MODELS];
      expect(() => new Model(object as never).validate(), object.kind).not.toThrow();
    }
    expect(objects[0]).toMatchObject({
      spec: {
        podSelector: { matchLabels: { 'app.kubernetes.io/name': 'orders' } },
        ingress: [
          {
            from: [
              { podSelector: { matchLabels: { 'app.kubernetes.io/name': 'gateway-canary' } } },
            ],
            ports: [{ port: 3001 }],
          },
        ],
      },
    });
    const mine = { 'app.kubernetes.io/name': 'gateway-canary' };
    expect(objects[1]).toMatchObject({ spec: { selector: mine } });
    expect(objects[2]).toMatchObject({
      spec: {
        replicas: 1,
        selector: { matchLabels: mine },
        template: {
          metadata: { labels: { ...mine, 'org.micro/canary': 'gateway' } },
          spec: { containers: [{ name: 'gateway', image: next.image }] },
        },
      },
    });
    expect(objects[3]).toMatchObject({ spec: { podSelector: { matchLabels: mine } } });
  });

  it('gets its share by the routes of the release that serves', () => {
    expect(started.canary?.routes.map(({ object }) => backends(object))).toEqual([BOTH]);
  });

  it('gets the requests with a header by a rule of its own, whatever its weight', () => {
    const [rule, rest] = rulesOf(planCanary(next, { weight: 10, header: HEADER }, state));
    expect(rule).toEqual({
      matches: [{ headers: [{ type: 'Exact', name: 'X-Version', value: 'next' }] }],
      backendRefs: [{ name: 'gateway-canary', port: 3000 }],
    });
    expect(rest).toEqual({ backendRefs: BOTH });
    const alone = planCanary(next, { weight: 0, header: HEADER }, state);
    expect(rulesOf(alone)).toEqual([rule, { backendRefs: ONE }]);
    expect(alone.reason).toBe('requests with "X-Version: next" go to a canary');
  });

  it('is kept with the same header, and changed for another one or none', () => {
    const both = { weight: 10, header: HEADER };
    const facts = after(state, planCanary(next, both, state), { ...CANARY, ...both });
    expect(planCanary(next, both, facts)).toMatchObject({
      action: 'keep',
      reason: '10 % of its requests and those with "X-Version: next" go to a canary already',
    });
    const none = planCanary(next, { weight: 10 }, facts);
    expect(none).toMatchObject({ action: 'canary', canary: { routes: [{ kind: 'change' }] } });
    expect(rulesOf(none)).toEqual([{ backendRefs: BOTH }]);
    const other = planCanary(next, { ...both, header: { ...HEADER, value: 'beta' } }, facts);
    expect(other.canary?.routes.map(({ kind }) => kind)).toEqual(['change']);
  });

  it('has pods for its share, and at least one', () => {
    expect([1, 10, 26, 50, 99].map((weight) => canaryReplicas(4, weight))).toEqual([1, 1, 2, 2, 4]);
    expect(canaryReplicas(0, 50)).toBe(1);
  });

  it('is kept if it gets this share already, and changed for another one or another version', () => {
    expect(planCanary(next, { weight: 10 }, running)).toMatchObject({ action: 'keep' });
    const more = planCanary(next, { weight: 60 }, running);
    expect(more).toMatchObject({
      ...{
        action: 'canary',
        reason: '60 % of its requests go to a canary, until now 10 % of its requests',
      },
      canary: { weight: 60, routes: [{ kind: 'change' }] },
    });
    const changed = more.objects.filter(({ kind }) => kind !== 'keep');
    expect(changed.map(({ paths }) => paths)).toEqual([['spec.replicas']]);
    expect(planCanary(render('c').desired('gateway'), { weight: 10 }, running)).toMatchObject({
      action: 'canary',
    });
    const interrupted = after(state, started, { ...CANARY, ready: false });
    expect(planCanary(next, { weight: 10 }, interrupted)).toMatchObject({ action: 'canary' });
  });

  it('is not started for what serves all requests already', () => {
    const plan = planCanary(desired('gateway'), { weight: 10 }, state);
    expect(plan).toMatchObject({ action: 'keep', objects: [], canary: undefined });
  });

  it.each<[string, string, ClusterFacts, string, RegExp]>([
    [
      'a service that does not run',
      'gateway',
      { live: new Map(), books: new Map(), secrets: new Set() },
      '',
      /^gateway has no release in live yet/,
    ],
    [
      'a service that only others call',
      'orders',
      state,
      '',
      /^orders is reached by no HTTPRoute in live, so it can have no canary: write "gateway".*into environments\/live\.yml/,
    ],
    ['a name that is taken', 'gateway', state, 'gateway-canary', /rename it$/],
  ])('is refused for %s', (_, name, facts, taken, problem) => {
    const where = { environment: 'live', file: 'environments/live.yml', names: new Set([taken]) };
    expect(canaryProblem({ service: name }, facts, where)).toMatch(problem);
  });

  it('is possible for a service with a route', () => {
    const where = { environment: 'live', file: '', names: new Set<string>() };
    expect(canaryProblem({ service: 'gateway' }, state, where)).toBeUndefined();
  });

  it('is refused for a service that is published by Ingress', () => {
    const byIngress = render('a', `ingress: {}\n${HOST}`);
    const facts = deployedCluster(byIngress.rendered, byIngress.images).state;
    const where = { environment: 'live', file: 'f', names: new Set<string>() };
    expect(canaryProblem({ service: 'gateway' }, facts, where)).toMatch(/by no HTTPRoute/);
  });
});

describe('beside a canary', () => {
  it('a deploy of what serves changes nothing, and knows of it', () => {
    expect(planService(desired('gateway'), running)).toMatchObject({
      ...{ action: 'keep', obsolete: [] },
      canary: { action: 'run', weight: 10, key: next.key },
    });
  });

  it('another version would be a change', () => {
    expect(planService(next, running)).toMatchObject({
      ...{ action: 'update', canary: { action: 'run' } },
    });
  });

  it('nothing of it is left over, unless its service left the workspace', () => {
    const all = [...running.live.values()];
    expect(leftObjects(all, new Set(['gateway', 'orders', 'orders-database']))).toEqual(new Map());
    const left = leftObjects(all, new Set(['orders', 'orders-database']));
    expect([...left.keys()]).toEqual(['gateway', 'gateway-canary']);
    expect(liveCanary('gateway', all)).toHaveLength(4);
  });
});

describe('the end of a canary', () => {
  it('promoted, keeps its share until the new pods of the service serve', () => {
    const promoted = desiredRelease('gateway', RELEASE, undefined);
    const plan = planService(promoted, running, 'promote');
    expect(plan).toMatchObject({
      ...{ action: 'update', reason: 'its canary is promoted; another image' },
      canary: { action: 'promote', weight: 10 },
    });
    const route = plan.objects.find(({ object }) => object.kind === 'HTTPRoute');
    expect(route).toMatchObject({ kind: 'keep' });
    expect(plan.canary?.routes.map(({ object }) => backends(object))).toEqual([ONE]);
  });

  it.each(['Deployment', 'Service'])(
    'promoted again after its %s was deleted, leads no request to it',
    (kind) => {
      const rest = new Map([...running.live].filter(([name]) => name !== `${kind}/gateway-canary`));
      const promoted = desiredRelease('gateway', RELEASE, undefined);
      const plan = planService(promoted, { ...running, live: rest }, 'promote');
      const route = plan.objects.find(({ object }) => object.kind === 'HTTPRoute')!;
      expect(backends(route.object)).toEqual(ONE);
      expect(plan.canary).toMatchObject({ action: 'promote' });
    },
  );

  it('promoted or aborted, takes the rule of its header away', () => {
    const share = { weight: 0, header: HEADER };
    const facts = after(state, planCanary(next, share, state), { ...CANARY, ...share });
    const promoted = planService(desiredRelease('gateway', RELEASE, undefined), facts, 'promote');
    expect(promoted.canary).toMatchObject({ action: 'promote', ...share });
    expect(rulesOf(promoted)).toEqual([{ backendRefs: ONE }]);
    const current = facts.books.get('gateway')!.releases[0]!;
    const aborted = planService(desiredRelease('gateway', current, undefined), facts, 'abort');
    const changed = aborted.objects.filter(({ kind }) => kind !== 'keep');
    expect(changed.map(({ object }) => (object as unknown as Routed).spec.rules)).toEqual([
      [{ backendRefs: ONE }],
    ]);
  });

  it('aborted, gives the requests back at once and replaces no pod', () => {
    const current = running.books.get('gateway')!.releases[0]!;
    const plan = planService(desiredRelease('gateway', current, undefined), running, 'abort');
    expect(plan).toMatchObject({ action: 'change', canary: { action: 'abort', routes: [] } });
    const changed = plan.objects.filter(({ kind }) => kind !== 'keep');
    expect(changed.map(({ object }) => backends(object))).toEqual([ONE]);
  });

  it('that was interrupted after everything was deleted is still an end to record', () => {
    const facts = after(state, { ...started, objects: [], canary: undefined }, CANARY);
    const current = facts.books.get('gateway')!.releases[0]!;
    const plan = planService(desiredRelease('gateway', current, undefined), facts, 'abort');
    expect(plan).toMatchObject({ action: 'change', reason: 'its canary ends' });
  });
});

it('leads to other backends of a route as before', () => {
  const route = {
    ...{ apiVersion: 'gateway.networking.k8s.io/v1' as const, kind: 'HTTPRoute' as const },
    spec: { parentRefs: [], rules: [{ backendRefs: [{ name: 'other', port: 1 }] }] },
  };
  expect(routedToCanary([route], 'gateway', { weight: 10, port: 3000 })).toEqual([route]);
  expect(hashOf(routedToCanary([], 'gateway', { weight: 10, port: 3000 }))).toBe(hashOf([]));
});

it.each([
  ['no Gateway answered yet', undefined, false],
  ['of rules before', { parents: [{ conditions: [{ observedGeneration: 1 }] }] }, false],
  ['of the present rules', { parents: [{ conditions: [{ observedGeneration: 2 }] }] }, true],
])('whether a Gateway has seen a route: %s', (_, status, seen) => {
  const metadata = { name: 'gateway', generation: 2 };
  expect(isRouteSeen({ apiVersion: '', kind: 'HTTPRoute', metadata, status })).toBe(seen);
});

describe('by Istio', () => {
  const istio = (letter: string) => render(letter, `mesh: istio\n${GATEWAY}${HOST}`);
  const before = istio('a');
  const facts = deployedCluster(before.rendered, before.images).state;
  const to = (host: string, weight?: number) => ({
    destination: { host, port: { number: 3001 } },
    ...(weight === undefined ? {} : { weight }),
  });
  const httpOf = (object: unknown) => (object as { spec: { http: object[] } }).spec.http;

  it('a service that only others call can have one, by its own route', () => {
    const where = { environment: 'live', file: '', names: new Set<string>() };
    expect(canaryProblem({ service: 'orders' }, facts, where)).toBeUndefined();
    const { images: pushed, rendered: all } = istio('a');
    const two = new Map([...pushed, ['orders', image('orders', 'b')]]);
    const newer = desiredService(all, 'orders', two.get('orders')!, new Map());
    const changed = { ...newer, hash: 'other', ...image('orders', 'b') };
    const plan = planCanary(changed, { weight: 20, header: HEADER }, facts);
    expect(plan.canary?.routes.map(({ object }) => httpOf(object))).toEqual([
      [
        { match: [{ headers: { 'x-version': { exact: 'next' } } }], route: [to('orders-canary')] },
        { route: [to('orders', 80), to('orders-canary', 20)] },
      ],
    ]);
    // Whoever may call the service may call its canary.
    const policy = plan.objects.find(({ object }) => object.metadata?.name === 'orders-canary');
    expect(policy).toBeDefined();
  });

  it('leads to other destinations as before', () => {
    const elsewhere = {
      ...{ apiVersion: 'networking.istio.io/v1' as const, kind: 'VirtualService' as const },
      spec: { hosts: ['orders'], gateways: ['mesh'], http: [{ route: [to('billing')] }] },
    };
    const share = { weight: 10, port: 3001 };
    expect(routedToCanary([elsewhere], 'orders', share)).toEqual([elsewhere]);
  });
});

it('has no Service for gRPC: those calls go to the version that serves', () => {
  const platform = platformOf({ stock: 'port: 3002\ngrpcPort: 3003\n' });
  const environment = parseAnyEnvironment(
    'live',
    'engine: kubernetes\ncontext: far\nregistry: reg.example.com\nmesh: istio\n',
  ) as KubernetesEnvironment;
  const one = new Map([['stock', image('stock', 'a')]]);
  const written = { services: { stock: {} } };
  const input = { platform, environment, written, ports: new Map<string, number>() };
  const all = renderPlatform({ ...input, images: one });
  const { state: facts } = deployedCluster(all, one);
  const newer = renderPlatform({ ...input, images: new Map([['stock', image('stock', 'b')]]) });
  const plan = planCanary(
    desiredService(newer, 'stock', image('stock', 'b'), new Map()),
    { weight: 10 },
    facts,
  );
  const names = plan.objects.map(({ object }) => `${object.kind}/${object.metadata?.name}`);
  expect(names.filter((name) => name.startsWith('Service/'))).toEqual(['Service/stock-canary']);
});
