import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { PlatformError } from '../platform/problem';
import { serviceNamed } from '../platform/platform';
import { platformOf } from '../testing/platform';
import { deriveServiceCompose } from './service-compose';

function derive(manifests: Record<string, string>, name: string, current?: string) {
  const platform = platformOf(manifests);
  return deriveServiceCompose(platform, serviceNamed(platform, name), current);
}

const USERS = 'port: 3002';
const ORDERS = 'port: 3001\nconsumes: [users]';

const orders = `# \`nx sync\` keeps what service.yml says; anything else here is yours.

services:
  orders:
    image: acme/orders:local
    build:
      context: ../..
      dockerfile: apps/orders/Dockerfile
    init: true
    restart: unless-stopped
    stop_grace_period: 40s
    read_only: true
    tmpfs:
      - /tmp
    cap_drop:
      - ALL
    security_opt:
      - no-new-privileges:true
    logging:
      driver: local
      options:
        max-size: 10m
        max-file: '5'
    environment:
      PORT: '3001'
      MICROSERVICE_USERS_URL: http://users:3002
    depends_on:
      users:
        condition: service_healthy
    networks:
      - edge
`;

describe('a new file', () => {
  it('has the service', () => {
    expect(derive({ orders: ORDERS, users: USERS }, 'orders')).toEqual({
      path: 'apps/orders/compose.yaml',
      text: orders,
      drift: ['the file is missing'],
    });
  });

  it('publishes a gateway on this machine, and nothing else', () => {
    expect(derive({ gateway: 'kind: gateway\nport: 3000' }, 'gateway').text).toContain(
      '    ports:\n      - 127.0.0.1:3000:3000\n',
    );
  });

  it('limits resources, and repeats only what can have replicas', () => {
    const manifest = 'port: 3001\nreplicas: 2\nresources: { cpus: 0.5, memory: 256M }';
    expect(derive({ orders: manifest }, 'orders').text).toContain(`    deploy:
      replicas: 2
      resources:
        limits:
          cpus: '0.5'
          memory: 256M
`);
    expect(derive({ edge: `kind: gateway\n${manifest}` }, 'edge').text).not.toContain('replicas');
  });

  it('asks only about what it waits for: each answer takes the parsing of two files', () => {
    const platform = platformOf({ users: USERS, orders: ORDERS, mail: 'port: 3003' });
    const asked: string[] = [];
    const orders = serviceNamed(platform, 'orders');
    const isChecked = ({ name }: { name: string }) => asked.push(name) > 0;
    deriveServiceCompose(platform, orders, undefined, false, undefined, undefined, isChecked);
    expect(asked).toEqual(['users']);
  });

  it('waits for a provider without a health check until it is running', () => {
    const platform = platformOf({ users: USERS, orders: ORDERS });
    const of = (current?: string) =>
      deriveServiceCompose(
        platform,
        serviceNamed(platform, 'orders'),
        current,
        ...([undefined, undefined, undefined] as const),
        ({ name }) => name !== 'users',
      );
    const started = orders.replace('condition: service_healthy', 'condition: service_started');
    expect(of().text).toBe(started);
    expect(of(orders)).toMatchObject({ text: started, drift: [expect.any(String)] });
    expect(of(started).drift).toEqual([]);
  });

  it('waits for no provider that waits for it', () => {
    const { text } = derive({ orders: ORDERS, users: 'port: 3002\nconsumes: [orders]' }, 'orders');
    expect(text).toContain('MICROSERVICE_USERS_URL');
    expect(text).not.toContain('depends_on');
  });

  it('has the datastores, with credentials from .env only', () => {
    const { text } = derive(
      { 'order-items': 'port: 3001\ndatastores: { database: postgres, cache: redis }' },
      'order-items',
    );
    expect(text).toContain(
      '      DATABASE_URL: postgres://order_items_service:${ORDER_ITEMS_DATABASE_SERVICE_PASSWORD:?run "npx micro env" to create it}@order-items-database:5432/order_items\n',
    );
    expect(text).toContain('    networks:\n      - edge\n      - order-items-data\n');
    expect(text).toContain('\nnetworks:\n  order-items-data:\n    internal: true\n');
    expect(text).toContain('      order-items-database:\n        condition: service_healthy\n');
    expect(text).toContain(`  order-items-database:
    image: postgres:17-bookworm
    restart: unless-stopped
    stop_grace_period: 30s
    cap_drop:
      - ALL
    cap_add:
      - CHOWN
      - DAC_OVERRIDE
      - FOWNER
      - SETGID
      - SETUID
    security_opt:
      - no-new-privileges:true
    logging:
      driver: local
      options:
        max-size: 10m
        max-file: '5'
    environment:
      POSTGRES_USER: order_items
      POSTGRES_PASSWORD: \${ORDER_ITEMS_DATABASE_PASSWORD:?run "npx micro env" to create it}
      POSTGRES_DB: order_items
    volumes:
      - order-items-database-postgres:/var/lib/postgresql/data
    networks:
      - order-items-data
`);
    expect(text).toContain('\nvolumes:\n  order-items-database-postgres:\n');
  });

  it('gives redis no capability, because it starts as its own user', () => {
    const { text } = derive({ a: 'port: 3001\ndatastores: { cache: redis }' }, 'a');
    expect(text).toContain(`  a-cache:
    image: redis:7-bookworm
    user: redis
`);
    expect(text).toContain('    cap_drop:\n      - ALL\n    security_opt:\n');
    expect(text).not.toContain('cap_add');
  });

  it('publishes no datastore, and keeps it out of the network of services', () => {
    const { text } = derive(
      { a: 'port: 3001\ndatastores: { database: mongodb, cache: redis }' },
      'a',
    );
    const datastores = text.slice(text.indexOf('  a-database:'));
    expect(datastores.match(/ {4}networks:\n {6}- a-data\n {4}healthcheck/g)).toHaveLength(2);
    expect(datastores).not.toContain('ports:');
  });

  it.each([
    ['mysql', 'mysql:8.4'],
    ['mariadb', 'mariadb:11.4'],
    ['mongodb', 'mongo:8.0'],
  ])('knows %s', (engine, image) => {
    const { text } = derive({ a: `port: 3001\ndatastores: { database: ${engine} }` }, 'a');
    expect(text).toContain(`    image: ${image}\n`);
  });
});

/** Everything that a person may do to the file: comments, order, map or list form, keys and values of their own. */
const edited = `# Orders, by the checkout team
services:
  adminer: # looks into the database
    image: adminer
  orders:
    networks: [edge, monitoring]
    # Slow to stop: it finishes payments.
    stop_grace_period: 60s
    environment:
      LOG_LEVEL: debug # noisy
      MICROSERVICE_USERS_URL: http://users:3002

      PORT: 3001
    image: acme/orders:local
    build:
      dockerfile: apps/orders/Dockerfile
      context: ../..
      args: { NODE_IMAGE: node:24-alpine }
    depends_on:
      users: { condition: service_started, restart: true }
      adminer:
        condition: service_started
    ports:
      - '127.0.0.1:9229:9229'
`;

describe("a person's file", () => {
  it('does not restore hardening that a person removed', () => {
    const manifests = { orders: 'port: 3001\ndatastores: { database: postgres }' };
    const loose = derive(manifests, 'orders')
      .text.replaceAll(/ {4}(cap_drop|cap_add|security_opt|tmpfs):\n( {6}- .*\n)+/g, '')
      .replace('    read_only: true\n', '')
      .replace("max-file: '5'", "max-file: '50'");
    expect(derive(manifests, 'orders', loose)).toMatchObject({ text: loose, drift: [] });
  });

  it('stays the same, byte for byte, if nothing drifted', () => {
    const { text, drift } = derive({ orders: ORDERS, users: USERS }, 'orders', edited);
    expect(drift).toEqual([]);
    expect(text).toBe(edited);
  });

  it('changes only where it drifted', () => {
    const file = derive(
      { orders: 'port: 3005\nconsumes: [users]', users: 'port: 3009' },
      'orders',
      edited,
    );
    expect(file.drift).toEqual([
      'PORT is 3001, the manifest says 3005',
      'MICROSERVICE_USERS_URL is http://users:3002, the manifest says http://users:3009',
    ]);
    expect(file.text).toBe(
      edited
        .replace('PORT: 3001', "PORT: '3005'")
        .replace('http://users:3002', 'http://users:3009'),
    );
  });

  it('may have lists instead of maps', () => {
    const lists = `services:
  orders:
    image: acme/orders:local
    build:
      context: ../..
      dockerfile: apps/orders/Dockerfile
    environment:
      - LOG_LEVEL
      - PORT=3001
      - MICROSERVICE_OLD_URL=http://old:3004
    depends_on:
      - old
      - adminer
    networks:
      edge:
        aliases: [shop]
`;
    const file = derive({ orders: ORDERS, users: USERS }, 'orders', lists);
    expect(file.drift).toEqual([
      'MICROSERVICE_OLD_URL is not in the manifest',
      'MICROSERVICE_USERS_URL is missing',
      'depends_on old is not in the manifest',
      'depends_on users is missing',
    ]);
    expect(file.text).toBe(
      lists
        .replace('MICROSERVICE_OLD_URL=http://old:3004', 'MICROSERVICE_USERS_URL=http://users:3002')
        .replace('      - old\n      - adminer\n', '      - adminer\n      - users\n'),
    );
  });

  it('loses entries that sync wrote for what the manifest no longer has', () => {
    const before = derive(
      {
        orders:
          'kind: gateway\nport: 3001\nconsumes: [users]\nbroker: rabbitmq\ndatastores: { database: postgres }\nresources: { cpus: 1 }',
        users: USERS,
      },
      'orders',
    ).text;
    const after = derive({ orders: 'port: 3001', users: USERS }, 'orders', before);
    expect(after.text).toBe(
      orders
        .replace(/ {6}MICRO.*\n/, '')

        .replace(/ {4}depends_on:\n {6}users:\n.*\n/, ''),
    );
    expect(derive({ orders: 'port: 3001', users: USERS }, 'orders', after.text).drift).toEqual([]);
    expect(after.drift).toEqual([
      'orders-database is not in the manifest',
      'volume orders-database-postgres is not used any more',
      'MICROSERVICE_USERS_URL is not in the manifest',
      'DATABASE_URL is not in the manifest',
      'BROKER_URL is not in the manifest',
      'orders-database-accounts is not in the manifest',
      'orders-broker-account is not in the manifest',
      'depends_on users is not in the manifest',
      'depends_on orders-database is not in the manifest',
      'depends_on broker is not in the manifest',
      'depends_on orders-database-accounts is not in the manifest',
      'depends_on orders-broker-account is not in the manifest',
      'network orders-data is not in the manifest',
      'network broker is not in the manifest',
      'network orders-data is not used any more',
      'deploy.resources.limits.cpus is not in the manifest',
      'port 3001 is published, the manifest has no gateway',
    ]);
  });

  it('keeps a datastore and a broker that a person wrote', () => {
    const own = `${orders.replace('    depends_on:\n', '      DATABASE_URL: postgres://db.example.com/orders\n    depends_on:\n      orders-cache:\n        condition: service_started\n      broker:\n        condition: service_started\n')}  orders-cache:
    image: memcached
`;
    expect(derive({ orders: ORDERS, users: USERS }, 'orders', own)).toMatchObject({
      text: own,
      drift: [],
    });
  });

  it('replaces a datastore of another engine, and says so', () => {
    const manifest = (engine: string) => `port: 3001\ndatastores: { database: ${engine} }`;
    const before = derive({ orders: manifest('postgres') }, 'orders').text;
    const pinned = before.replaceAll('postgres:17-bookworm', 'postgres:16');
    expect(derive({ orders: manifest('postgres') }, 'orders', pinned).text).toBe(pinned);
    const after = derive({ orders: manifest('mysql') }, 'orders', pinned);
    expect(parse(after.text)).toEqual(parse(derive({ orders: manifest('mysql') }, 'orders').text));
    expect(after.drift).toContain('orders-database runs postgres, the manifest says mysql');
  });

  it('never shows a credential in a message', () => {
    const manifests = { orders: 'port: 3001\ndatastores: { database: postgres }' };
    const leaked = derive(manifests, 'orders').text.replaceAll(/\$\{[^}]*\}/g, 'hunter2');
    const { drift, text } = derive(manifests, 'orders', leaked);
    expect(drift).toEqual([
      'orders-database: POSTGRES_PASSWORD does not match the manifest',
      'DATABASE_URL does not match the manifest',
      ...['PGPASSWORD', 'OWNER_PASSWORD', 'SERVICE_PASSWORD'].map(
        (variable) => `orders-database-accounts: ${variable} does not match the manifest`,
      ),
    ]);
    expect(text).not.toContain('hunter2');
  });
});

describe('published ports', () => {
  const gateway = (ports: string) =>
    derive(
      { gateway: 'kind: gateway\nport: 3010' },
      'gateway',
      `services:
  gateway:
    image: acme/gateway:local
    build: { context: ../.., dockerfile: apps/gateway/Dockerfile }
    environment: { PORT: '3000' }
    networks: [edge]
    ports: ${ports}
`,
    );

  it.each([
    ["['127.0.0.1:3000:3000']", '127.0.0.1:3000:3000'],
    ["['3000:3000']", '3000:3000'],
    ["['3000:3000/tcp', '127.0.0.1:3000:3000']", '127.0.0.1:3000:3000'],
    ['[{ target: 3000, published: "3000", host_ip: 0.0.0.0 }]', '0.0.0.0:3000:3000'],
  ])("%s is ours, and follows the service's port", (ports, is) => {
    const { text, drift } = gateway(ports);
    expect(text).toContain('ports: [127.0.0.1:3010:3010]\n');
    expect(drift).toContain(`the published port is ${is}, the manifest says 127.0.0.1:3010:3010`);
  });

  it('keeps the other published ports of a person', () => {
    const { text } = gateway("['8080:3010', '9229:9229', '3000']");
    expect(text).toContain("ports: ['8080:3010', '9229:9229', '3000', 127.0.0.1:3010:3010]\n");
  });
});

describe('files that cannot be read', () => {
  const problemsOf = (text: string) => {
    try {
      derive({ orders: ORDERS, users: USERS }, 'orders', text);
    } catch (error) {
      if (error instanceof PlatformError) return error.message;
      throw error;
    }
    return undefined;
  };

  it.each([
    ['services:\n  orders: [', /^apps\/orders\/compose\.yaml:2: not valid YAML: /],
    ['- a', /^apps\/orders\/compose\.yaml:1: the file must be a map$/],
    ['services:\n  - a', /^apps\/orders\/compose\.yaml:2: services must be a map$/],
    [
      'services:\n  orders:\n    environment: 3',
      /^apps\/orders\/compose\.yaml:3: services\.orders\.environment must be a map or a list$/,
    ],
    [
      'x-e: &e { A: 1 }\nservices:\n  orders:\n    environment: *e',
      /compose\.yaml:4: services\.orders\.environment must be a map or a list; .*"<<: \*e"$/,
    ],
  ])('%j', (text, message) => {
    expect(problemsOf(text)).toMatch(message);
  });

  it('accepts an empty file, and keys without values', () => {
    const manifests = { orders: ORDERS, users: USERS };
    const body = orders.slice(orders.indexOf('services'));
    expect(derive(manifests, 'orders', '').text).toBe(body);
    expect(derive(manifests, 'orders', 'services:\n').text).toBe(body);
    expect(derive(manifests, 'orders', 'services:\n  orders:\n').text).toBe(body);
  });
});
