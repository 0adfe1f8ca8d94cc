import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { PushReceipt } from '../image/receipt';
import { parseEnvironment } from '../platform/environment';
import { recordedTask } from '../testing/service-task';
import { declaredState } from './desired-state';
import { type ComposeEntry, inTurn, publicUrlOf, whyExclusive } from './entry';
import { asDeployed, overrideFile, pinnedImage } from './override';
import { changedEntryKeys, entryLabel } from './fingerprint';
import { jobSlice, placesOf, sliceOf } from './slice';

const DIGEST = `sha256:${'d'.repeat(64)}`;
const receipt: PushReceipt = {
  kind: 'pushed',
  service: 'orders',
  key: 'one',
  environment: 'production',
  image: 'registry.example.com/acme/orders:k-1',
  digest: DIGEST,
  tags: [],
  since: '',
};

it('makes no account that the service does not use in the environment', () => {
  const { service } = recordedTask();
  const completed = { condition: 'service_completed_successfully' };
  const job = `${service.name}-database-accounts`;
  const atBroker = `${service.name}-broker-account`;
  const config = {
    services: { [service.name]: { depends_on: { [job]: completed, [atBroker]: completed } } },
  };
  const jobsIn = (text: string) => {
    const environment = parseEnvironment('production', `services:\n  ${service.name}:${text}`);
    const image = { key: 'k', image: 'i', source: 'engine' } as const;
    return declaredState({ config, service, environment, image, secrets: '' });
  };
  const own = '\n    secrets: { DATABASE_URL: { file: ./url } }\n';
  expect(jobsIn(own)).toMatchObject({ jobs: [atBroker] });
  expect([...jobsIn(own).needs.keys()]).toEqual([]);
  expect(jobsIn(' { environment: { BROKER_URL: amqp://x } }')).toMatchObject({ jobs: [job] });
  expect(jobsIn(' { environment: { LOG_LEVEL: debug } }').jobs).toHaveLength(2);
});

it('has each job wait for those that it depends on', () => {
  const after = (...names: string[]) => ({
    depends_on: Object.fromEntries(
      names.map((name) => [name, { condition: 'service_completed_successfully' }]),
    ),
  });
  const services = {
    'orders-fill': after('orders-migrate', 'elsewhere'),
    'orders-migrate': after('z-accounts'),
    'z-accounts': {},
    loop: after('loop'),
  };
  const jobs = ['orders-fill', 'orders-migrate', 'z-accounts', 'loop'];
  expect(inTurn(jobs, services)).toEqual(['z-accounts', 'orders-migrate', 'orders-fill', 'loop']);
});

it.each<[PushReceipt, string]>([
  [receipt, `registry.example.com/acme/orders:k-1@${DIGEST}`],
  [{ ...receipt, kind: 'local', imageId: 'x', image: 'acme/orders:k-1' }, 'acme/orders:k-1'],
])('pins the image of a push that is $kind', (given, expected) => {
  expect(pinnedImage(given)).toBe(expected);
});

describe('overrideFile', () => {
  const override = (environment: string, label?: string) =>
    overrideFile(
      recordedTask().service,
      parseEnvironment('production', environment),
      receipt,
      label,
    );

  it('pins the image and labels the container', () => {
    expect(parse(override('engine: compose', 'ports=1'))).toEqual({
      services: {
        orders: {
          image: pinnedImage(receipt),
          labels: {
            'org.micro.environment': 'production',
            'org.micro.image-key': 'one',
            'org.micro.entry': 'ports=1',
          },
        },
      },
    });
  });

  it('takes a dollar of a variable as it stands, whatever is set on the machine that deploys', () => {
    const text = override('services: { orders: { environment: { HINT: "a$b$$c ${HOME}" } } }');
    expect(parse(text)).toMatchObject({
      services: { orders: { environment: { HINT: 'a$$b$$$$c $${HOME}' } } },
    });
  });

  it('names secrets and holds none of them', () => {
    const text = override(
      'services: { orders: { environment: { A: b }, secrets: { KEY: { environment: CI_KEY }, ACE: { file: ./ace } } } }',
    );
    expect(text).not.toMatch(/CI_KEY|\.\/ace/);
    expect(parse(text, { logLevel: 'silent' })).toMatchObject({
      services: {
        orders: {
          environment: {
            A: 'b',
            ACE_FILE: '/run/secrets/ACE',
            KEY_FILE: '/run/secrets/KEY',
          },
          volumes: [{ type: 'volume', target: '/run/secrets' }],
        },
      },
    });
  });

  it.each<[string, object]>([
    ['{ cpus: 0.5, memory: 256M }', { cpus: '0.5', memory: '256M' }],
    ['{ memory: 256M }', { memory: '256M' }],
  ])('limits resources to %s', (resources, limits) => {
    const text = override(`services: { orders: { resources: ${resources} } }`);
    expect(parse(text)).toMatchObject({
      services: { orders: { deploy: { resources: { limits } } } },
    });
  });

  it('tells a service where people reach it', () => {
    const text = override('services: { orders: { url: "https://shop.example.com" } }');
    expect(parse(text)).toMatchObject({
      services: { orders: { environment: { PUBLIC_URL: 'https://shop.example.com' } } },
    });
  });

  it('leads a consumer to a provider that runs elsewhere', () => {
    const links =
      'links: { billing: "https://billing.example.com", users: "https://users.example.com" }';
    const service = { ...recordedTask().service, consumes: ['billing'] };
    const text = overrideFile(service, parseEnvironment('production', links), receipt, undefined);
    expect((parse(text) as { services: { orders: object } }).services.orders).toMatchObject({
      environment: { MICROSERVICE_BILLING_URL: 'https://billing.example.com' },
    });
    expect(text).not.toContain('users.example.com');
  });

  it('replaces the ports of the compose file instead of adding to them', () => {
    const text = override(
      'services: { orders: { publish: 0.0.0.0:8080, environment: { LEVEL: 3 } } }',
    );
    expect(text).toContain('ports: !override\n');
    expect(parse(text, { logLevel: 'silent' })).toMatchObject({
      services: {
        orders: {
          environment: { LEVEL: '3' },
          ports: [
            { target: 3001, published: '8080', host_ip: '0.0.0.0', protocol: 'tcp', mode: 'host' },
          ],
        },
      },
    });
  });
});

describe('an entry as it is deployed', () => {
  const ports = (...published: (string | undefined)[]) => ({
    ports: published.map((one) => ({ target: 3001, host_ip: '127.0.0.1', published: one })),
  });
  const environment = (text: string) => parseEnvironment('staging', text);

  it.each<[string, ComposeEntry, ComposeEntry]>([
    ['', ports('3001'), ports('3001')],
    ['portOffset: 1000', ports('3001', '0', undefined), ports('4001', '0', undefined)],
    ['portOffset: 1000', ports('3001-3003'), ports('4001-4003')],
    ['portOffset: 1000', {}, {}],
    // What an environment says is meant as it stands there.
    ['{ portOffset: 1000, services: { orders: { publish: 80 } } }', ports('80'), ports('80')],
  ])('with %j', (text, entry, expected) => {
    expect(asDeployed(entry, 'orders', environment(text))).toEqual(expected);
  });
});

it('has the public address that the environment says', () => {
  expect(publicUrlOf({ environment: { PUBLIC_URL: 'https://shop.example.com' } })).toBe(
    'https://shop.example.com',
  );
  expect(publicUrlOf({ environment: { LOG_LEVEL: 'warn' } })).toBeUndefined();
  expect(publicUrlOf({})).toBeUndefined();
});

it.each([
  [{}, undefined],
  [{ ports: [{ target: 3001 }] }, undefined],
  [{ ports: [{ target: 3001, published: '0' }] }, undefined],
  [{ ports: [{ target: 3001, published: '8080' }] }, 'port 8080 of the host'],
  [{ network_mode: 'host' }, 'network_mode host'],
  [{ networks: { edge: null, backend: { aliases: ['x'] } } }, undefined],
  [{ networks: { edge: { ipv4_address: '10.0.0.9' } } }, 'a fixed address'],
])('whyExclusive(%j) is %s', (entry, expected) => {
  expect(whyExclusive(entry, 2)).toBe(expected);
});

describe('entryLabel', () => {
  const entry = { environment: { A: '1', B: '2' }, networks: { edge: null }, command: null };

  it.each([
    [{ ...entry, environment: { B: '2', A: '1' } }, []],
    [{ ...entry, image: 'x', labels: { a: 'b' }, depends_on: {}, build: {}, scale: 2 }, []],
    [{ ...entry, deploy: { replicas: 2 } }, []],
    [{ ...entry, develop: { watch: [{ action: 'rebuild', path: 'apps/orders' }] } }, []],
    [{ ...entry, environment: { A: '1', B: '3' } }, ['environment']],
    [{ ...entry, deploy: { resources: { limits: { cpus: 1 } } } }, ['resources']],
    [{ ...entry, restart: 'always', networks: null }, ['networks', 'restart']],
  ])('%j differs in %j', (other, keys) => {
    expect(changedEntryKeys(entryLabel(entry), entryLabel(other))).toEqual(keys);
  });

  it('holds no value', () => {
    expect(entryLabel({ environment: { PASSWORD: 'hunter2' } })).toMatch(
      /^environment=[0-9a-f]{8}$/,
    );
  });
});

it.each<[object[], number, string | undefined]>([
  [[], 1, undefined],
  [[{ type: 'bind', source: '/etc', target: '/x' }], 1, undefined],
  [[{ type: 'volume', source: 'data', target: '/x', read_only: true }], 1, undefined],
  [[{ type: 'volume', target: '/x' }], 1, undefined],
  [[{ type: 'volume', source: 'data', target: '/x' }], 1, 'the volume "data", which it writes to'],
  [[{ type: 'volume', source: 'data', target: '/x' }], 2, undefined],
])('with the volumes %j and %i replicas, two cannot have %s', (volumes, replicas, expected) => {
  expect(whyExclusive({ volumes }, replicas)).toBe(expected);
});

describe('a slice', () => {
  const config = {
    services: {
      orders: {
        build: { context: '.' },
        depends_on: { users: null },
        environment: { A: '1' },
        labels: { team: 'shop' },
        networks: { edge: { aliases: ['shop'] } },
        secrets: [{ source: 'token' }],
        volumes: [{ type: 'volume', source: 'data', target: '/data' }],
      },
      users: {},
    },
    networks: { edge: { name: 'acme_edge' }, other: { name: 'acme_other' } },
    volumes: { data: { name: 'acme_data' }, more: {} },
    secrets: { token: { file: '/run/token' }, key: {} },
  };
  const slice = sliceOf(config, 'orders', { image: 'acme/orders:k-1', labels: { a: 'b' } });

  it('has all that one service needs, and no more', () => {
    expect(slice).toEqual({
      services: {
        orders: {
          environment: { A: '1' },
          image: 'acme/orders:k-1',
          labels: { team: 'shop', a: 'b' },
          networks: { edge: { aliases: ['shop'] } },
          secrets: [{ source: 'token' }],
          volumes: [{ type: 'volume', source: 'data', target: '/data' }],
        },
      },
      networks: { edge: { name: 'acme_edge' } },
      volumes: { data: { name: 'acme_data' } },
      secrets: { token: { file: '/run/token' } },
    });
  });

  it('of a job has the settings, secrets and networks of its service', () => {
    const environment = parseEnvironment(
      'production',
      `services:
  orders: { environment: { LEVEL: 3 }, secrets: { DATABASE_URL: { file: ./url } } }`,
    );
    const services = {
      ...config.services,
      'orders-migrate': {
        command: ['migrate'],
        environment: { DATABASE_URL: 'postgres://here', A: '2' },
        networks: { other: null },
      },
    };
    const { service } = recordedTask();
    const given = { service, environment, image: 'acme/orders:k-1' };
    expect(jobSlice({ ...config, services }, 'orders-migrate', given)).toEqual({
      services: {
        'orders-migrate': {
          command: ['migrate'],
          image: 'acme/orders:k-1',
          labels: {},
          environment: { A: '2', LEVEL: '3', DATABASE_URL_FILE: '/run/secrets/DATABASE_URL' },
          volumes: [{ type: 'volume', target: '/run/secrets' }],
          networks: { edge: null, other: null },
        },
      },
      networks: config.networks,
    });
  });

  it('says where its containers are found', () => {
    expect(placesOf(slice, 'orders', 'acme-orders-1')).toEqual({
      acme_edge: ['acme-orders-1', 'orders', 'shop'],
    });
  });
});
