import { describe, expect, it } from 'vitest';
import { platformOf } from '../testing/platform';
import { deriveDevelopmentCompose, type DevelopmentFacts } from './development-compose';

interface Given extends Partial<DevelopmentFacts> {
  current?: string;
}

function derive(
  manifests: Record<string, string>,
  { current, librariesOf = () => undefined, exists = () => true }: Given = {},
) {
  const platform = platformOf(manifests);
  const { file, ports } = deriveDevelopmentCompose(platform, current, { librariesOf, exists });
  return { ...file, ports: Object.fromEntries(ports) };
}

const ORDERS = 'port: 3001\ndatastores: { database: postgres, cache: redis }';
const USERS = 'port: 3002\ndatastores: { database: mysql }\nbroker: rabbitmq';

const orders = `# What development lays over compose.yaml: datastores are reached from this machine, logs say more,
# and images are rebuilt on change. \`nx compose-deploy\` applies it; by hand:
#   docker compose -f compose.yaml -f environments/development.compose.yaml up --detach
# \`nx sync\` keeps a port for each datastore; anything else here is yours.

services:
  orders:
    environment:
      LOG_LEVEL: debug
    develop:
      watch:
        - action: rebuild
          path: apps/orders
          ignore:
            - node_modules/
            - dist/
            - out-tsc/
  orders-cache:
    networks:
      - development
    ports:
      - 127.0.0.1:14001:6379
  orders-database:
    networks:
      - development
    ports:
      - 127.0.0.1:13001:5432
networks:
  development:
`;

describe('a new file', () => {
  it('publishes each datastore on this machine, over a network that is not internal', () => {
    expect(derive({ orders: ORDERS })).toEqual({
      path: 'environments/development.compose.yaml',
      text: orders,
      drift: ['the file is missing'],
      ports: { 'orders-database': 13001, 'orders-cache': 14001 },
    });
  });

  it('has no network if there is nothing to reach', () => {
    expect(derive({ orders: 'port: 3001' }).text).not.toContain('networks');
  });

  it('publishes the broker once', () => {
    const { text, ports } = derive({ users: USERS, mailer: 'port: 3003\nbroker: rabbitmq' });
    expect(ports).toEqual({ broker: 13000, 'users-database': 13002 });
    expect(text).toContain('  broker:\n    networks:\n      - development\n    ports:\n');
    expect(text.match(/127\.0\.0\.1:13000:5672/g)).toHaveLength(1);
  });

  it('tells Kafka by which port this machine comes', () => {
    const broker = (engine: string, current?: string) => {
      const { text, drift } = derive({ mailer: `port: 3003\nbroker: ${engine}` }, { current });
      return {
        text,
        drift,
        entry: text.slice(text.indexOf('  broker:'), text.indexOf('\n  mailer:')),
      };
    };
    const kafka = broker('kafka');
    expect(kafka.entry).toBe(`  broker:
    networks:
      - development
    ports:
      - 127.0.0.1:13000:9094
    environment:
      KAFKA_OUTSIDE_PORT: '13000'`);
    expect(broker('kafka', kafka.text).drift).toEqual([]);
    const moved = kafka.text.replace('127.0.0.1:13000:', '127.0.0.1:19000:');
    expect(broker('kafka', moved).drift).toEqual([
      'broker: KAFKA_OUTSIDE_PORT is 13000, the manifest says 19000',
    ]);
    const rabbitmq = broker('rabbitmq', kafka.text);
    expect(rabbitmq.entry).toContain('127.0.0.1:13000:5672');
    expect(rabbitmq.entry).not.toContain('environment');
    expect(broker('kafka', rabbitmq.text).entry).toBe(kafka.entry);
  });

  it.each<[string, Record<string, string>, number]>([
    ['a service', { a: 'port: 3001\ndatastores: { database: postgres }', b: 'port: 13001' }, 13002],
    [
      'another datastore',
      {
        a: 'port: 4001\ndatastores: { database: postgres }',
        b: 'port: 3001\ndatastores: { cache: redis }',
      },
      14001,
    ],
    ['outgoing connections', { a: 'port: 30000\ndatastores: { database: postgres }' }, 13001],
  ])('uses no port of %s', (_, manifests, port) => {
    const { ports } = derive(manifests);
    expect(ports['a-database']).toBe(port);
    expect(new Set(Object.values(ports)).size).toBe(Object.keys(ports).length);
  });

  it('watches the libraries of a service, if they are known', () => {
    const librariesOf = () => ['packages/text', 'packages/money'];
    expect([...derive({ orders: ORDERS }, { librariesOf }).text.matchAll(/path: (.*)/g)]).toEqual(
      ['apps/orders', 'packages/money', 'packages/text'].map(
        (path) => expect.arrayContaining([path]) as string[],
      ),
    );
  });
});

describe("a person's file", () => {
  const edited = orders
    .replace(
      'services:\n',
      'services:\n  # To look into databases.\n  adminer:\n    image: adminer\n    networks: [edge, development]\n',
    )
    .replace('LOG_LEVEL: debug', 'LOG_LEVEL:   trace # all of it')
    .replace('path: apps/orders\n', 'path: apps/orders/src\n')
    .replace('127.0.0.1:13001:5432', '0.0.0.0:5432:5432')
    .replace('      - 127.0.0.1:14001:6379\n', "      - '127.0.0.1:8001:8001'\n      - 6400:6379\n")
    .replace('  development:\n', '  development:\n    driver_opts: { mtu: 1400 }\n');

  it('stays the same, byte for byte, when it is derived again', () => {
    expect(derive({ orders: ORDERS }, { current: edited, librariesOf: () => [] })).toEqual({
      path: 'environments/development.compose.yaml',
      text: edited,
      drift: [],
      ports: { 'orders-database': 5432, 'orders-cache': 6400 },
    });
  });

  it('gets a new service at its sorted place, and nothing else changes', () => {
    const { text, drift } = derive({ orders: ORDERS, billing: 'port: 3005' }, { current: edited });
    const added = derive({ billing: 'port: 3005' }).text.replace(/^[^]*services:\n/, '');
    expect(text).toBe(edited.replace('  orders:\n', `${added}  orders:\n`));
    expect(drift).toEqual(['billing is missing']);
  });

  it('gets back what nx serve relies on', () => {
    const without = orders
      .replace('    ports:\n      - 127.0.0.1:13001:5432\n', '')
      .replace('    networks:\n      - development\n', '');
    const { text, drift, ports } = derive({ orders: ORDERS }, { current: without });
    expect(drift).toEqual([
      'orders-cache: network development is missing',
      'orders-database: port 127.0.0.1:13001:5432 is missing',
    ]);
    expect(ports).toEqual({ 'orders-database': 13001, 'orders-cache': 14001 });
    expect(derive({ orders: ORDERS }, { current: text }).drift).toEqual([]);
  });

  it('keeps its ports when a service is added before others', () => {
    const moved = orders.replace('13001', '13000');
    const manifests = { orders: ORDERS, a: USERS };
    const { ports } = derive(manifests, { current: moved });
    expect(ports).toMatchObject({ 'orders-database': 13000, broker: 13001 });
  });

  it('gets a second port if two branches took the same one', () => {
    const { text, drift, ports } = derive(
      { orders: ORDERS },
      { current: orders.replace('14001', '13001') },
    );
    expect(drift).toEqual([
      'orders-cache: port 13001 is used by something else; the next free one is 14001',
    ]);
    expect(ports).toEqual({ 'orders-database': 13001, 'orders-cache': 14001 });
    expect(text).toBe(orders);
  });

  it('keeps the port if the engine of a datastore changes', () => {
    const mysql = ORDERS.replace('postgres', 'mysql');
    const { text, drift } = derive({ orders: mysql }, { current: orders });
    expect(text).toBe(orders.replace('13001:5432', '13001:3306'));
    expect(drift).toEqual(['orders-database: the port is 5432, the manifest says 3306']);
  });

  it('loses entries that sync wrote for a service that is gone', () => {
    const exists = (path: string) => path !== 'apps/orders';
    const { text, drift } = derive({}, { current: orders, exists });
    expect(text).not.toMatch(/services|networks:|orders-/);
    expect(drift).toEqual([
      'orders is not in the manifest',
      'orders-cache is not in the manifest',
      'orders-database is not in the manifest',
      'network development is not used',
    ]);
  });

  it('keeps entries of these names that a person wrote', () => {
    const own = `services:
  adminer:
    networks: [development]
    ports: ['127.0.0.1:8080:8080']
  old-database:
    image: postgres:17
    networks: [development]
  their-cache:
    environment: { A: b }
networks:
  development:
`;
    expect(derive({}, { current: own, exists: () => false })).toMatchObject({
      text: own,
      drift: [],
    });
  });

  it('follows the libraries of a service that is already watched', () => {
    const options = {
      librariesOf: () => ['packages/money'],
      exists: (path: string) => !path.includes('old'),
    };
    const current = orders.replace(
      '          path: apps/orders\n',
      '          path: packages/old\n        - action: rebuild\n          path: ./apps/orders/\n',
    );
    const { text, drift } = derive({ orders: ORDERS }, { ...options, current });
    expect(drift).toEqual([
      'orders: watch packages/old leads to nothing',
      'orders: watch packages/money is missing',
    ]);
    expect(derive({ orders: ORDERS }, { ...options, current: text }).drift).toEqual([]);
    const unwatched = orders.replace(/ {4}develop:\n( {6,}.*\n)+/, '');
    expect(derive({ orders: ORDERS }, { ...options, current: unwatched }).drift).toEqual([]);
  });
});
