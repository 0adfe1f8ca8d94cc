import { describe, expect, it } from 'vitest';
import { withSecrets } from '../../deployment/secrets';
import { parseEnvironment } from '../../platform/environment';
import { platformOf } from '../../testing/platform';
import { runningContainer as container } from '../../testing/running-container';
import { statusSchema } from './document';
import { isInStep, reportStatus, type StatusFacts } from './report';
import { entryLabel } from '../../deployment/fingerprint';

const ORDERS = { environment: { PORT: '3001' } };
const KEY = 'a'.repeat(64);
const labels = {
  'org.micro.image-key': KEY,
  'org.micro.entry': entryLabel(ORDERS),
  'org.micro.environment': 'staging',
  'org.opencontainers.image.revision': 'c0ffee1',
};

const pushed = (key: string): StatusFacts['pushed'] => {
  const image = { image: 'acme/orders:k-1', imageId: 'sha256:1' };
  return new Map([
    [
      'orders',
      { kind: 'local', service: 'orders', key, environment: 'staging', since: '', ...image },
    ],
  ]);
};

const facts = (more: Partial<StatusFacts> = {}): StatusFacts => ({
  platform: platformOf({ orders: 'port: 3001\n' }),
  environment: parseEnvironment('staging', 'engine: compose\n'),
  project: 'acme-staging',
  pushed: pushed(KEY),
  built: new Map(),
  backing: new Map(),
  rendered: { kind: 'rendered', config: { services: { orders: ORDERS } } },
  containers: [container({ labels })],
  now: new Date('2026-11-21T12:00:00Z'),
  imageVariables: new Map(),
  shares: new Map(),
  commitsSince: new Map([['c0ffee1', 3]]),
  commit: 'f00d',
  ...more,
});

const orders = (more: Partial<StatusFacts>) => reportStatus(facts(more)).services[0]!;

describe('reportStatus', () => {
  it('shows all facts of a service that is up to date', () => {
    const status = reportStatus(facts());
    expect(statusSchema.parse(status)).toEqual(status);
    expect(status).toEqual({
      version: 1,
      platform: 'acme',
      environment: 'staging',
      project: 'acme-staging',
      commit: 'f00d',
      services: [
        {
          name: 'orders',
          kind: 'service',
          state: 'in-step',
          drift: [],
          health: 'healthy',
          replicas: { running: 1, wanted: 1 },
          key: KEY,
          wantedKey: KEY,
          revision: 'c0ffee1',
          commitsBehind: 3,
          since: '2026-11-21T11:00:00.5Z',
          containers: ['acme-orders-1'],
        },
      ],
      backing: [],
      left: [],
      notes: [],
    });
    expect(isInStep(status)).toBe(true);
  });

  it('reports nothing missing for a service that runs elsewhere', () => {
    const links = 'links: { orders: https://orders.example.com }\n';
    const status = reportStatus(
      facts({ environment: parseEnvironment('staging', links), containers: [] }),
    );
    expect(status).toMatchObject({
      services: [],
      left: [],
      notes: ['orders runs elsewhere: https://orders.example.com'],
    });
    expect(isInStep(status)).toBe(true);
  });

  it.each<[string, Partial<StatusFacts>, object]>([
    [
      'nothing runs',
      { containers: [] },
      { state: 'not-deployed', drift: ['not deployed'], health: 'down' },
    ],
    [
      'another image was pushed',
      { pushed: pushed('b'.repeat(64)) },
      { state: 'drifted', drift: ['image changed: aaaaaaaaaaaa -> bbbbbbbbbbbb'] },
    ],
    [
      'a build was not pushed',
      { built: new Map([['orders', 'b'.repeat(64)]]) },
      { state: 'drifted', drift: ['built but not pushed: bbbbbbbbbbbb'] },
    ],
    [
      'nothing was pushed from here',
      { pushed: new Map() },
      { state: 'not-compared', drift: [expect.stringMatching(/pushed nothing for staging yet/)] },
    ],
    [
      'entries cannot be rendered',
      { rendered: { kind: 'unreadable', problem: 'no password' } },
      { state: 'not-compared', drift: ['its entry was not compared'] },
    ],
    [
      'compose.yaml does not have it',
      { rendered: { kind: 'rendered', config: { services: {} } } },
      {
        state: 'drifted',
        drift: [expect.stringMatching(/^not in compose\.yaml/), expect.anything()],
      },
    ],
    [
      'an earlier deploy left a container',
      {
        containers: [
          container({ labels }),
          container({ labels, id: 'b', name: 'old', state: 'exited' }),
        ],
      },
      { state: 'drifted', drift: ['an earlier deploy left old'], containers: ['acme-orders-1'] },
    ],
    [
      'one of two is sick',
      {
        containers: [
          container({ labels }),
          container({ labels, id: 'b', name: 'acme-orders-2', health: 'unhealthy' }),
        ],
        environment: parseEnvironment('staging', 'services: { orders: { replicas: 2 } }\n'),
      },
      { state: 'drifted', drift: ['acme-orders-2 is unhealthy'], health: 'unhealthy' },
    ],
  ])('says so if %s', (_, more, expected) => {
    expect(orders(more)).toMatchObject(expected);
    expect(isInStep(reportStatus(facts(more)))).toBe(false);
  });

  it.each<[string, object, string[]]>([
    ['wants them, too', { ...ORDERS.environment, API_KEY_FILE: '/run/secrets/API_KEY' }, []],
    ['wants none', ORDERS.environment, ['entry changed: environment, secret-values']],
  ])('compares with the current secrets if the entry %s', (_, environment, drift) => {
    const running = { ...ORDERS.environment, API_KEY_FILE: '/run/secrets/API_KEY' };
    const label = withSecrets(entryLabel({ environment: running }), 'secret-values=12345678');
    const containers = [
      container({ labels: { ...labels, 'org.micro.entry': label }, environment: running }),
    ];
    const config = { services: { orders: { environment } } };
    expect(orders({ containers, rendered: { kind: 'rendered', config } }).drift).toEqual(drift);
  });

  it('does not take an old container as up to date if nothing was pushed', () => {
    const old = { ...labels, 'org.micro.image-key': 'old' };
    const { drift } = orders({
      pushed: new Map(),
      containers: [
        container({ labels: old, id: 'z', name: 'a-old', state: 'exited' }),
        container({ labels }),
      ],
    });
    expect(drift.some((cause) => cause.startsWith('image changed'))).toBe(false);
  });

  it('shows the oldest start of several containers', () => {
    const later = container({ labels, id: 'b', startedAt: '2026-11-21T12:00:00Z' });
    expect(orders({ containers: [later, container({ labels })] }).since).toBe(
      '2026-11-21T11:00:00.5Z',
    );
  });

  it.each<[string, StatusFacts['shares'], string, object]>([
    [
      'gets requests',
      new Map([['orders', { weight: 10, header: { name: 'X-Version', value: 'next' } }]]),
      '10 % of its requests and those with "X-Version: next" go to a canary (abcdefabcdef)',
      { weight: 10, header: 'X-Version: next', ready: true },
    ],
    [
      'was interrupted',
      new Map(),
      'the start of a canary (abcdefabcdef) was interrupted: it gets no requests',
      { weight: 0, ready: false },
    ],
  ])('shows a canary that %s', (_, shares, words, expected) => {
    const key = 'abcdef'.repeat(11).slice(0, 64);
    const canary = container({
      ...{ id: 'b', service: 'orders-canary' },
      labels: { ...labels, 'org.micro.image-key': key },
      networks: {},
    });
    const status = reportStatus(facts({ containers: [container({ labels }), canary], shares }));
    expect(status.left).toEqual([]);
    expect(status.services[0]).toMatchObject({ drift: [words], canary: { key, ...expected } });
    expect(statusSchema.parse(status)).toEqual(status);
  });

  it('distinguishes services that left the workspace from containers that never were in it', () => {
    const billing = container({ labels, id: 'b', service: 'billing' });
    const adminer = container({ labels: {}, id: 'c', service: 'adminer' });
    const status = reportStatus(facts({ containers: [container({ labels }), billing, adminer] }));
    expect(status.left).toEqual(['billing']);
    expect(isInStep(status)).toBe(false);
  });

  it.each<[string, Partial<StatusFacts>, string[]]>([
    ['runs', { containers: [container({ service: 'orders-database', image: 'postgres:17' })] }, []],
    [
      'runs another image',
      { containers: [container({ service: 'orders-database', image: 'postgres:16' })] },
      ['image changed: postgres:16 -> postgres:17'],
    ],
    ['does not run', { containers: [] }, ['not running']],
    [
      'is sick',
      {
        containers: [
          container({ service: 'orders-database', image: 'postgres:17', health: 'unhealthy' }),
        ],
      },
      ['unhealthy'],
    ],
  ])('sees a datastore that %s', (_, more, drift) => {
    const status = reportStatus(
      facts({
        backing: new Map([['orders-database', 'postgres']]),
        rendered: {
          kind: 'rendered',
          config: { services: { 'orders-database': { image: 'postgres:17' } } },
        },
        ...more,
      }),
    );
    expect(status.backing).toMatchObject([{ name: 'orders-database', engine: 'postgres', drift }]);
  });
});
