import { describe, expect, test } from 'vitest';
import { parseManifest } from './manifest';
import { checkPlatform, parsePlatform, serviceNamed } from './platform';
import type { ManifestFile } from './platform-rule';
import { formatProblem, PlatformError } from './problem';

function manifest(name: string, text: string, root = `apps/${name}`): ManifestFile {
  return { name, root, file: `${root}/service.yml`, text };
}

function problemsOf(...files: ManifestFile[]): string[] {
  return checkPlatform('acme', files).problems.map(formatProblem);
}

/** The problems of one manifest, without the file. */
function inOrders(text: string): string[] {
  return problemsOf(manifest('orders', text)).map((line) =>
    line.replace('apps/orders/service.yml:', ''),
  );
}

test('a manifest with only a port has defaults for the rest', () => {
  expect(parsePlatform('acme', [manifest('orders', 'port: 3001')])).toEqual({
    name: 'acme',
    services: [
      {
        name: 'orders',
        root: 'apps/orders',
        kind: 'service',
        port: 3001,
        consumes: [],
        datastores: {},
        publishes: [],
        subscribes: [],
        expose: 'internal',
        graphql: false,
        routes: [],
        aggregates: [],
        resources: {},
        replicas: 1,
        build: { entry: 'src/main.ts', external: [], assets: [] },
      },
    ],
  });
});

test('every key', () => {
  const text = `# yaml-language-server: $schema=x
kind: gateway
port: 3001
consumes: [users]
datastores: { database: postgres, cache: redis, pubsub: redis, rate-limit: redis }
broker: rabbitmq
publishes: [order.placed]
subscribes: [order.placed]
expose: public
routes: [/api/orders]
resources: { cpus: 0.5, memory: 256M }
replicas: 2
build: { entry: src/server.ts, external: [pg], assets: ['templates/**'] }
`;
  const platform = parsePlatform('acme', [
    manifest('orders', text),
    manifest('users', 'port: 3002'),
  ]);
  expect(platform.services[0]).toMatchObject({
    kind: 'gateway',
    consumes: ['users'],
    datastores: { database: 'postgres', cache: 'redis', pubsub: 'redis', 'rate-limit': 'redis' },
    broker: 'rabbitmq',
    resources: { cpus: 0.5, memory: '256M' },
    build: { entry: 'src/server.ts', external: ['pg'], assets: ['templates/**'] },
  });
});

test('services are sorted by name, whatever the order of the files', () => {
  const files = [manifest('users', 'port: 3002'), manifest('orders', 'port: 3001')];
  const names = parsePlatform('acme', files).services.map(({ name }) => name);
  expect(names).toEqual(['orders', 'users']);
  expect(files.map(({ name }) => name)).toEqual(['users', 'orders']);
});

describe('between services', () => {
  test('a port for gRPC is a port, too', () => {
    expect(
      problemsOf(
        manifest('billing', 'port: 3001\ngrpcPort: 3001'),
        manifest('orders', 'port: 3003\ngrpcPort: 3002'),
        manifest('users', 'port: 3002'),
      ),
    ).toEqual([
      'apps/billing/service.yml:2: port 3001 is already used by "billing"; the next free one is 3004',
      'apps/users/service.yml:1: port 3002 is already used by "orders"; the next free one is 3005',
    ]);
  });

  test('only a service speaks gRPC, and no other has the name that it is reached by', () => {
    expect(
      problemsOf(
        manifest('door', 'port: 3001\nkind: gateway\ngrpcPort: 3002'),
        manifest('mailer', 'port: 3003\nkind: worker\ngrpcPort: 3004'),
        manifest('stock', 'port: 3005\ngrpcPort: 3006'),
        manifest('stock-grpc', 'port: 3007'),
      ),
    ).toEqual([
      'apps/door/service.yml:3: a gateway does not speak gRPC: remove "grpcPort", or make it "kind: service"',
      'apps/mailer/service.yml:3: a worker does not speak gRPC: remove "grpcPort", or make it "kind: service"',
      'apps/stock-grpc/service.yml: "stock-grpc" is the name of the gRPC of "stock": rename the service',
    ]);
  });

  test('the same port twice and three times: each gets its own free one', () => {
    expect(
      problemsOf(
        manifest('billing', 'kind: service\nport: 3001'),
        manifest('orders', 'kind: service\n\n# ours\nport: 3001'),
        manifest('search', 'port: 3002'),
        manifest('users', 'port: 3001'),
      ),
    ).toEqual([
      'apps/orders/service.yml:4: port 3001 is already used by "billing"; the next free one is 3003',
      'apps/users/service.yml:1: port 3001 is already used by "billing"; the next free one is 3004',
    ]);
  });

  test('an unknown provider, with and without a similar name', () => {
    expect(
      problemsOf(
        manifest('orders', 'port: 3001\nconsumes:\n  - usrs\n  - payments'),
        manifest('users', 'port: 3002'),
      ),
    ).toEqual([
      'apps/orders/service.yml:3: consumes "usrs", which is not a service of this platform; did you mean "users"?',
      'apps/orders/service.yml:4: consumes "payments", which is not a service of this platform; known are users',
    ]);
  });

  test('many services are not all listed', () => {
    const others = Array.from({ length: 200 }, (_, i) => manifest(`s${i}`, `port: ${4000 + i}`));
    const [problem = ''] = problemsOf(
      manifest('orders', 'port: 3001\nconsumes: [payments]'),
      ...others,
    );
    expect(problem).toMatch(/s11 and 188 more$/);
  });

  test('a service that consumes itself, and the same provider twice', () => {
    expect(
      problemsOf(
        manifest('orders', 'port: 3001\nconsumes:\n  - users\n  - orders\n  - users'),
        manifest('users', 'port: 3002'),
      ),
    ).toEqual([
      'apps/orders/service.yml:4: "orders" consumes itself: remove it from "consumes"',
      'apps/orders/service.yml:5: "users" is listed twice in "consumes": remove one',
    ]);
  });

  test('two services may consume each other', () => {
    expect(
      problemsOf(
        manifest('orders', 'port: 3001\nconsumes: [users]'),
        manifest('users', 'port: 3002\nconsumes: [orders]'),
      ),
    ).toEqual([]);
  });

  test('a bad name', () => {
    expect(problemsOf(manifest('Order_Items', 'port: 3001'))).toEqual([
      `apps/Order_Items/service.yml: "Order_Items" cannot be a service's name: use lower-case letters, digits and single hyphens, starting with a letter, 63 at most, for example "order-items" (the project's name: set "nx": { "name": … } in its package.json, or "name" in its project.json)`,
    ]);
  });

  test('two services with the same name', () => {
    expect(
      problemsOf(
        manifest('orders', 'port: 3001'),
        manifest('orders', 'port: 3002', 'legacy/orders'),
      ),
    ).toEqual([
      'legacy/orders/service.yml: there is already a service "orders" in apps/orders: rename one',
    ]);
  });

  test('a service with the name of a datastore or the broker', () => {
    expect(
      problemsOf(
        manifest('broker', 'port: 3001'),
        manifest('orders', 'port: 3002\ndatastores: { rate-limit: redis }\nbroker: rabbitmq'),
        manifest('orders-cache', 'port: 3003'),
        manifest('orders-rate-limit', 'port: 3004'),
      ),
    ).toEqual([
      'apps/broker/service.yml: "broker" is the name of the broker of the platform: rename the service',
      'apps/orders-rate-limit/service.yml: "orders-rate-limit" is the name of the rate-limit of "orders": rename the service',
    ]);
  });

  test.each(['.', ''])('a service in the root, "%s"', (root) => {
    expect(problemsOf({ name: 'orders', root, file: 'service.yml', text: 'port: 3001' })).toEqual([
      'service.yml: a service needs its own folder: move it to apps/<name>',
    ]);
  });

  test('a provider whose manifest cannot be parsed still counts as known', () => {
    expect(
      problemsOf(manifest('orders', 'port: 3001\nconsumes: [users]'), manifest('users', 'port: [')),
    ).toEqual([expect.stringMatching(/^apps\/users\/service\.yml:1: not valid YAML: /)]);
  });
});

describe('in one manifest', () => {
  test.each<[string, string[]]>([
    ['', ['1: "port" is missing: Port that the service listens on, unique in the platform']],
    [
      '# only a comment\n',
      ['1: "port" is missing: Port that the service listens on, unique in the platform'],
    ],
    [
      '- port: 3001',
      ['1: the file holds a list; it must hold keys with values, such as kind and port'],
    ],
    [
      'orders',
      ['1: the file holds "orders"; it must hold keys with values, such as kind and port'],
    ],
    ['42', ['1: the file holds 42; it must hold keys with values, such as kind and port']],
    ['port:', ['1: port: has no value: give it a number, or remove it']],
    ['port: abc', ['1: port: "abc" is not a number']],
    ['port: "3001"', ['1: port: "3001" is not a number: remove the quotes']],
    ['port: 3001.5', ['1: port: 3001.5 is not a whole number']],
    ['port: [3001]', ['1: port: a list is not a number']],
    ['port: 80', ['1: port: 80 is not between 1024 and 65535']],
    ['port: -1', ['1: port: -1 is not between 1024 and 65535']],
    ['port: 65536', ['1: port: 65536 is not between 1024 and 65535']],
    [
      'port: 3001\ndatastores:\n  database: postgress',
      [
        '3: datastores.database: "postgress" is not one of postgres, mysql, mariadb, mongodb; did you mean "postgres"?',
      ],
    ],
    [
      'port: 3001\ndatastores:\n  database: oracle',
      ['3: datastores.database: "oracle" is not one of postgres, mysql, mariadb, mongodb'],
    ],
    [
      'port: 3001\ndatastores:\n  cache: memcached',
      ['3: datastores.cache: "memcached" is not supported; the only value is redis'],
    ],
    [
      'port: 3001\ndatastores:\n  databse: postgres',
      ['3: unknown key "datastores.databse"; did you mean "database"?'],
    ],
    [
      'port: 3001\ndatastores:\n  db: postgres',
      ['3: unknown key "datastores.db"; known are database, cache, pubsub, rate-limit'],
    ],
    ['port: 3001\ndatastores: postgres', ['2: datastores: "postgres" is not a map of keys']],
    [
      'port: 3001\ndatabase: postgres',
      ['2: unknown key "database"; did you mean "datastores.database"?'],
    ],
    ['port: 3001\nconsume: [users]', ['2: unknown key "consume"; did you mean "consumes"?']],
    [
      'port: 3001\nname: orders',
      [
        '2: unknown key "name"; known are kind, port, grpcPort, graphql, consumes, datastores, broker, publishes, subscribes, auth, expose, routes and 6 more',
      ],
    ],
    ['port: 3001\nconsumes:', ['2: consumes: has no value: give it a list, or remove it']],
    ['port: 3001\nconsumes: users', ['2: consumes: "users" is not a list: write [users]']],
    ['port: 3001\nconsumes:\n  users: yes', ['2: consumes: a map is not a list']],
    ['port: 3001\nconsumes: [1]', ['2: consumes[0]: 1 is not text: put it in quotes']],
    [
      'port: 3001\nconsumes:\n  - Users',
      [
        `3: consumes[0]: "Users" cannot be a service's name: use lower-case letters, digits and single hyphens, starting with a letter, 63 at most, for example "users"`,
      ],
    ],
    [
      'port: 3001\nkind: gatway',
      ['2: kind: "gatway" is not one of service, gateway, worker; did you mean "gateway"?'],
    ],
    ['port: 3001\nkind: 3', ['2: kind: 3 is not one of service, gateway, worker']],
    ['port: 3001\nroutes: [api]', ['2: routes[0]: a route starts with "/"']],
    [
      'port: 3001\nroutes:\n  - /\n  - /api/\n  - /api/:id\n  - /a/../b\n  - /docs/x',
      [
        '3: routes[0]: "/" would match all paths, also those of other services: name one, such as /api',
        ...['/api/', '/api/:id', '/a/../b'].map(
          (path, index) =>
            `${index + 4}: routes[${index + 1}]: "${path}" is not a plain path: write segments of letters, digits, ".", "_", "~" and "-", such as /api/orders; paths below it are served too`,
        ),
        '7: routes[4]: "/docs/x" is reserved: the gateway itself answers /docs',
      ],
    ],
    [
      'port: 3001\nroutes:\n  - path: api\n    auth: non\n  - path: /a\n    timeout: 3\n  - {}\n  - 3',
      [
        '3: routes[0].path: a route starts with "/"',
        '4: routes[0].auth: "non" is not supported; the only value is none; did you mean "none"?',
        '6: unknown key "routes[1].timeout"; did you mean "timeoutMs"?',
        '7: "routes[2].path" is missing: The path prefix',
        '8: routes[3]: is not a route: give a path such as /api/orders, or a map with a path',
      ],
    ],
    [
      'port: 3001\nroutes: [/api]',
      [
        '2: "orders" has routes but is internal, so no gateway serves them: add "expose: public", or remove the routes',
      ],
    ],
    [
      'port: 3001\nexpose: public\nroutes: [/api, { path: /api, auth: none }]',
      ['3: "/api" is listed twice in "routes": remove one'],
    ],
    ['port: 3001\nreplicas: 0', ['2: replicas: 0 is too small: at least 1']],
    [
      'port: 3001\nresources:\n  memory: 256MB\n  cpus: 0',
      [
        '3: resources.memory: give a whole number with a unit K, M or G, for example 256M',
        '4: resources.cpus: 0 is too small: more than 0',
      ],
    ],
    [
      'port: 3001\nport: 3002',
      ['2: not valid YAML: this key is already given above: remove one of the two'],
    ],
    [
      'port: 3001\n---\nport: 3002',
      ['2: not valid YAML: a second document starts here: remove the "---"'],
    ],
    [
      'port: 3001\nreplicas: *two',
      ['2: not valid YAML: "*two" refers to an anchor "&two" that is not defined above it'],
    ],
  ])('%j', (text, expected) => {
    expect(inOrders(text)).toEqual(expected);
  });

  test('anchors, folded values and Windows line ends are YAML too', () => {
    expect(
      inOrders('port: &p 3001\r\nreplicas: 2\r\nbuild:\r\n  entry: >-\r\n    src/main.ts'),
    ).toEqual([]);
    expect(inOrders('port: 3001\r\nconsumes: []\r\nreplcas: 2')).toEqual([
      '3: unknown key "replcas"; did you mean "replicas"?',
    ]);
  });

  test('text that is not YAML has no value, and the message says where', () => {
    const { read, problems } = parseManifest('service.yml', 'port: 3001\nconsumes: [users\n');
    expect(read).toBeUndefined();
    expect(problems.map(formatProblem)).toEqual([
      expect.stringMatching(/^service\.yml:\d: not valid YAML: .+/),
    ]);
  });
});

describe('events', () => {
  const orders = manifest('orders', 'port: 3001\nbroker: rabbitmq\npublishes: [order.placed]\n');
  const mailer = (text: string) => problemsOf(orders, manifest('mailer', `port: 3002\n${text}`));

  test('may have several publishers and subscribers, and one service may be both', () => {
    expect(
      mailer('broker: rabbitmq\npublishes: [order.placed]\nsubscribes: [order.placed]\n'),
    ).toEqual([]);
  });

  test('need the same broker everywhere', () => {
    expect(mailer('broker: nats\nsubscribes: [order.placed]\n')).toEqual([
      'apps/orders/service.yml:2: the broker is "rabbitmq", but "nats" in apps/mailer/service.yml: the platform has one, so write the same in all manifests',
    ]);
  });

  test.each([
    [
      'publishes: [mail.sent]\nsubscribes: [order.placed]\n',
      [
        '2: "publishes" needs a broker: add "broker: rabbitmq"',
        '3: "subscribes" needs a broker: add "broker: rabbitmq"',
      ],
    ],
    [
      'broker: rabbitmq\nsubscribes:\n  - order.placed\n  - order.place\n',
      ['5: subscribes to "order.place", which no service publishes; did you mean "order.placed"?'],
    ],
    [
      'broker: rabbitmq\nsubscribes: [order.placed, order.placed]\n',
      ['3: "order.placed" is listed twice in "subscribes": remove one'],
    ],
    [
      'broker: rabbitmq\npublishes: [order-placed]\n',
      [
        '3: publishes[0]: "order-placed" cannot be an event\'s name: say what happened to what, in lower case with a dot, in 100 characters at most, for example "order.placed"',
      ],
    ],
    [
      'broker: rabbitmq\npublishes: [line-item.sold, line.item-sold]\n',
      [
        '3: "line.item-sold" and "line-item.sold" would have the same contract, lineItemSold: rename one',
      ],
    ],
  ])('%j', (text, expected) => {
    expect(mailer(text)).toEqual(expected.map((line) => `apps/mailer/service.yml:${line}`));
  });
});

describe('routes of several services', () => {
  const provider = (name: string, port: number, routes: string) =>
    manifest(name, `port: ${port}\nexpose: public\nroutes: ${routes}`);
  const gateway = (name: string, port: number, consumes: string) =>
    manifest(name, `kind: gateway\nport: ${port}\nconsumes: ${consumes}`);

  test('the same path twice behind one gateway', () => {
    expect(
      problemsOf(
        gateway('edge', 3000, '[users, orders]'),
        provider('orders', 3001, '[/api/orders, /api/all]'),
        provider('users', 3002, '[/api/users, { path: /api/all, auth: none }]'),
      ),
    ).toEqual([
      'apps/users/service.yml:3: "/api/all" is a route of "orders" already, and gateway "edge" serves both: choose another path',
    ]);
  });

  test('routes of a service that accepts only callers with a key', () => {
    expect(
      problemsOf(
        manifest('orders', 'port: 3001\nexpose: public\nauth: service-keys\nroutes: [/api/orders]'),
      ),
    ).toEqual([
      'apps/orders/service.yml:4: "orders" has routes but accepts only services with a key, which no gateway has: remove the routes, or "auth: service-keys"',
    ]);
  });

  test('a route within another, and the same route behind two gateways', () => {
    expect(
      problemsOf(
        gateway('edge', 3000, '[orders, archive]'),
        gateway('admin', 3009, '[users]'),
        provider('orders', 3001, '[/api/orders]'),
        provider('archive', 3002, '[/api/orders/archive]'),
        provider('users', 3003, '[/api/orders]'),
      ),
    ).toEqual([]);
  });
});

test('reports all problems of all manifests at once, by file and line', () => {
  const parse = () =>
    parsePlatform('acme', [
      manifest('users', 'port: 3001\nconsumes: [ordrs]\nkind: servce'),
      manifest('orders', 'port: 3001\nconsumes: [user]'),
      manifest('billing', 'port: 3001\nreplicas: 1\nfoo: 1'),
      manifest('search', 'port: 3001\nconsumes: [search]'),
    ]);
  expect(parse).toThrow(PlatformError);
  expect(parse).toThrow(
    `5 problems in the platform's files:
  apps/billing/service.yml:3: unknown key "foo"; known are kind, port, grpcPort, graphql, consumes, datastores, broker, publishes, subscribes, auth, expose, routes and 6 more
  apps/orders/service.yml:2: consumes "user", which is not a service of this platform; did you mean "users"?
  apps/search/service.yml:1: port 3001 is already used by "orders"; the next free one is 3002
  apps/search/service.yml:2: "search" consumes itself: remove it from "consumes"
  apps/users/service.yml:3: kind: "servce" is not one of service, gateway, worker; did you mean "service"?`,
  );
});

test('one problem is reported on one line', () => {
  expect(() => parsePlatform('acme', [manifest('orders', 'port: 1')])).toThrow(
    /^apps\/orders\/service\.yml:1: port: 1 is not between 1024 and 65535$/,
  );
});

test('finds a service by its name', () => {
  const platform = parsePlatform('acme', [manifest('orders', 'port: 3001')]);
  expect(serviceNamed(platform, 'orders').port).toBe(3001);
  expect(() => serviceNamed(platform, 'users')).toThrow('No service "users"');
});
