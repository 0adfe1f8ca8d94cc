import { describe, expect, it } from 'vitest';
import { runningContainer } from '../../../testing/running-container';
import type { EdgePlan } from '../../../deployment/edge-plan';
import type { Release } from '../../../deployment/release';
import { leftContainers, type RunPlan, type ServicePlan } from '../../../deployment/run-plan';
import type { Container } from '../../../deployment/container';
import { planDocument, planDocumentSchema } from '../../../deployment/plan-document';
import { formatPlan } from './format-plan';

const container = (name: string, more: Partial<Container> = {}) =>
  runningContainer({
    id: name,
    name,
    service: name.replace(/-\d+$/, ''),
    labels: { 'org.micro.environment': 'production' },
    ...more,
  });
const release = (number: number): Release => ({
  id: `id${number}`,
  heldBy: 'volume',
  template: '',
  service: 'orders',
  number,
  key: `${number}19701d169925cc68`,
  entryLabel: 'env=1',
  image: `acme/orders:k-${number}`,
  replicas: 1,
  open: false,
  again: false,
  since: '',
});
const DIGEST = `sha256:${'d'.repeat(64)}`;
const others = ['mail', 'users', 'stock'];
const orders: ServicePlan = {
  service: 'orders',
  desired: {
    service: 'orders',
    image: 'acme/orders:k-2',
    key: 'b432546d8050e865',
    entryLabel: 'env=1',
    replicas: 1,
    slice: { services: {} },
    noted: { services: {} },
    template: '',
    needs: new Map(),
    needNetworks: new Map(),
    jobs: [],
    ownJobs: new Map(),
    source: 'engine',
  },
  plan: {
    kind: 'update',
    reason: 'its image changed',
    serving: [container('orders-1')],
    kept: [],
    leftovers: [],
    order: 'start-first',
    replicas: 1,
  },
  current: release(1),
  revived: [],
  starts: [],
  missing: [],
  after: [],
};
const keep: ServicePlan = { ...orders, plan: { kind: 'keep', serving: [], leftovers: [] } };
const stopped: ServicePlan = {
  ...orders,
  desired: { ...orders.desired, exclusive: 'port 80 of the host' },
  plan: { ...orders.plan, order: 'stop-first' } as ServicePlan['plan'],
};
const run = (one: ServicePlan, more: Partial<RunPlan> = {}): RunPlan => ({
  environment: 'production',
  project: 'acme-production',
  rollback: false,
  services: [one],
  canaries: [],
  edge: { kind: 'keep' },
  outdated: [],
  left: [],
  prune: false,
  ...more,
});

describe('a plan says', () => {
  it.each<[string, RunPlan, string[]]>([
    ['what stays', run(keep), ['  keep     orders  nothing changed']],
    [
      'the cause, and both images',
      run(orders),
      ['  update   orders  its image changed, 119701d16992 -> b432546d8050'],
    ],
    [
      'the digest of what comes from a registry',
      run({ ...orders, desired: { ...orders.desired, image: `acme/orders:k-2@${DIGEST}` } }),
      ['  update   orders  its image changed, 119701d16992 -> b432546d8050 (sha256:dddddddddddd)'],
    ],
    [
      'what stays by names, once',
      run(keep, {
        services: [
          keep,
          { ...orders, service: 'api-gateway' },
          ...others.map((service) => ({ ...keep, service })),
        ],
      }),
      [
        '  update   api-gateway  its image changed, 119701d16992 -> b432546d8050',
        '  keep     orders, mail, users and 1 more  nothing changed',
      ],
    ],
    [
      'what it removes',
      run({ ...keep, plan: { ...keep.plan, leftovers: [container('orders-2')] } }),
      ['  keep     orders    nothing changed', '  remove   orders-2  of orders, gets no traffic'],
    ],
    [
      'what is stopped first and why, and after whom',
      run({ ...stopped, current: undefined, after: ['users'] }),
      [
        '  update   orders  its image changed; b432546d8050; stopped first, because two cannot run side by side (port 80 of the host): nothing answers until the new one does (without "edge: false" in the environment, the edge would hold the port of the service); after users',
      ],
    ],
    [
      'what is recovered, started and missing',
      run({ ...keep, revived: [container('orders-1')], starts: ['db'], missing: ['users'] }),
      [
        '  recover  orders  a deploy was interrupted; orders-1 serves again first',
        '  keep     orders  nothing changed',
        '  start    db      needed by orders',
        '  missing  users   orders consumes it, and it is not running in production: nx compose-deploy users -c production',
      ],
    ],
    [
      'what to know about ports that change',
      run({ ...orders, notes: ['it will listen on port 3200'] }),
      [
        '  update   orders  its image changed, 119701d16992 -> b432546d8050',
        '  note     orders  it will listen on port 3200',
      ],
    ],
    [
      'what it leaves alone, though its entry says otherwise',
      run(keep, {
        outdated: [
          { name: 'acme-db-1', service: 'db', image: 'postgres:16', wanted: 'postgres:17' },
        ],
      }),
      [
        '  left     db  it runs postgres:16, but its entry says postgres:17. A deploy does not replace a container that may hold data: back it up, remove the container acme-db-1 (a named volume stays), and deploy again',
        '  keep     orders  nothing changed',
      ],
    ],
    [
      'which release it goes back to',
      run(
        {
          ...orders,
          current: release(3),
          desired: { ...orders.desired, key: release(2).key, release: release(2) },
        },
        { rollback: true },
      ),
      [
        '  update   orders  back to r2 from r3, 319701d16992 -> 219701d16992',
        '  databases do not change: a rollback does not undo migrations',
      ],
    ],
    [
      'what left',
      run(keep, { left: ['mail'] }),
      [
        '  left     mail  it left the workspace; --prune removes it',
        '  keep     orders  nothing changed',
      ],
    ],
    [
      'what is removed',
      run(keep, { left: ['mail'], prune: true }),
      [
        '  remove   mail  it left the workspace; its volumes stay',
        '  keep     orders  nothing changed',
      ],
    ],
  ])('%s', (_, plan, lines) => {
    const document = planDocument(plan);
    expect(planDocumentSchema.parse(document)).toEqual(document);
    expect(formatPlan(document)).toEqual(['plan for production', ...lines]);
  });

  it.each<[EdgePlan, string]>([
    [
      { kind: 'create', reason: 'it is not running', takesFrom: ['gateway'] },
      '  create   edge    it is not running; it takes over the published port from gateway: connections are refused for about a second, while the edge starts',
    ],
    [
      { kind: 'reload', reason: 'its configuration changed' },
      '  reload   edge    its configuration changed; open streams stay, but a request that arrives in that moment may be cut off',
    ],
    [
      { kind: 'recreate', reason: 'its entry changed: ports', takesFrom: [] },
      '  recreate  edge    its entry changed: ports; its ports do not answer while the new container starts, about a second, and open connections end',
    ],
    [
      { kind: 'remove', reason: 'nothing is published through it any more' },
      '  remove   edge    nothing is published through it any more; its ports do not answer until the services publish them again',
    ],
  ])('what happens to the edge, and what callers notice: %j', (edge, line) => {
    expect(formatPlan(planDocument(run(stopped, { edge })))).toContain(line);
  });

  it('the same to a program', () => {
    expect(planDocument(run(stopped))).toEqual({
      version: 1,
      environment: 'production',
      project: 'acme-production',
      rollback: false,
      edge: { kind: 'keep' },
      outdated: [],
      left: [],
      prune: false,
      services: [
        {
          service: 'orders',
          action: 'update',
          reason: 'its image changed',
          image: 'acme/orders:k-2',
          key: 'b432546d8050e865',
          from: { image: 'acme/orders:k-1', key: '119701d169925cc68', release: 1 },
          order: 'stop-first',
          exclusive: 'port 80 of the host',
          replicas: 1,
          serving: ['orders-1'],
          leftovers: [],
          recovers: [],
          starts: [],
          jobs: [],
          missing: [],
          after: [],
        },
      ],
    });
  });
});

it('lists only services that we deployed as having left', () => {
  const all = [container('orders-1'), container('mail-1'), container('mail-db-1', { labels: {} })];
  expect(leftContainers(all, ['orders']).map(({ name }) => name)).toEqual(['mail-1']);
});
