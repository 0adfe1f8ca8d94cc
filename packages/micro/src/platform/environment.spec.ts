import { expect, test } from 'vitest';
import { imageSource, parseEnvironment } from './environment';
import { formatProblem, PlatformError } from './problem';

const services = ['orders', 'users'];

function problemsOf(text: string, name = 'production'): string[] {
  try {
    parseEnvironment(name, text, services);
    return [];
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    return error.problems.map(formatProblem);
  }
}

test('an empty file is a valid environment on this machine', () => {
  expect(parseEnvironment('development', '', services)).toEqual({
    name: 'development',
    file: 'environments/development.yml',
    engine: 'compose',
    images: 'local',
    portOffset: 0,
    healthTimeout: 60,
    steady: 2,
    jobTimeout: 600,
    lockTimeout: 120,
    releases: 10,
    olderCommits: 'refuse',
    services: {},
    links: {},
  });
});

test('every key', () => {
  const text = `engine: compose
host: ssh://deploy@example.com
registry: reg.example.com:5000/team
images: local
portOffset: 1000
project: acme-live
healthTimeout: 2m
services:
  orders:
    publish: 0.0.0.0:8080
    replicas: 2
    url: https://shop.example.com
    environment: { LOG_LEVEL: debug, LIMIT: 5, TRACE: true }
    resources: { cpus: 0.5, memory: 256M }
    secrets:
      STRIPE_KEY: { file: ./secrets/stripe }
      MAIL_KEY: { environment: CI_MAIL_KEY }
      VAULT_KEY: { command: [pass, show, vault] }
links:
  users: https://users.example.com
`;
  expect(parseEnvironment('production', text, services)).toEqual({
    name: 'production',
    file: 'environments/production.yml',
    engine: 'compose',
    host: 'ssh://deploy@example.com',
    registry: 'reg.example.com:5000/team',
    images: 'local',
    portOffset: 1000,
    project: 'acme-live',
    healthTimeout: 120,
    steady: 2,
    jobTimeout: 600,
    lockTimeout: 120,
    releases: 10,
    olderCommits: 'refuse',
    services: {
      orders: {
        publish: { kind: 'port', address: '0.0.0.0', port: 8080 },
        replicas: 2,
        url: 'https://shop.example.com',
        environment: { LOG_LEVEL: 'debug', LIMIT: '5', TRACE: 'true' },
        resources: { cpus: 0.5, memory: '256M' },
        secrets: {
          STRIPE_KEY: { file: './secrets/stripe' },
          MAIL_KEY: { environment: 'CI_MAIL_KEY' },
          VAULT_KEY: { command: ['pass', 'show', 'vault'] },
        },
      },
    },
    links: { users: 'https://users.example.com' },
  });
});

test.each([
  ['8080', { kind: 'port', address: '127.0.0.1', port: 8080 }],
  ['"8080"', { kind: 'port', address: '127.0.0.1', port: 8080 }],
  ['0', { kind: 'port', address: '127.0.0.1', port: 0 }],
  ['10.0.0.7:443', { kind: 'port', address: '10.0.0.7', port: 443 }],
])('publish: %s', (publish, expected) => {
  const text = `services: { orders: { publish: ${publish} } }`;
  expect(parseEnvironment('production', text).services['orders']?.publish).toEqual(expected);
});

test.each(['65536', '0.0.0.0:99999', '300.0.0.1:80', 'localhost:80', '-1', '80.5', 'true'])(
  'publish: %s is refused',
  (publish) => {
    expect(problemsOf(`services:\n  orders:\n    publish: ${publish}`)).toEqual([
      'environments/production.yml:3: services.orders.publish: what is published is a port such as 8080 or 0.0.0.0:8080, or a host such as { host: shop.example.com, tls: auto }',
    ]);
  },
);

test.each([
  [
    '{ host: shop.example.com }',
    { hosts: ['shop.example.com'], tls: { kind: 'auto' }, http: 80, https: 443 },
  ],
  [
    '{ host: [a.example.com, b.example.com], tls: internal, http: false, address: 10.0.0.7 }',
    {
      hosts: ['a.example.com', 'b.example.com'],
      tls: { kind: 'internal' },
      address: '10.0.0.7',
      https: 443,
    },
  ],
  [
    '{ host: shop.example.com, tls: none, http: 8080 }',
    { hosts: ['shop.example.com'], tls: { kind: 'none' }, http: 8080 },
  ],
  [
    '{ host: "*.example.com", tls: { certificate: tls/a.pem, key: { environment: KEY } }, https: 8443 }',
    {
      hosts: ['*.example.com'],
      tls: { kind: 'own', certificate: { file: 'tls/a.pem' }, key: { environment: 'KEY' } },
      http: 80,
      https: 8443,
    },
  ],
])('publish: %s', (publish, expected) => {
  const text = `services: { orders: { publish: ${publish} } }`;
  expect(parseEnvironment('production', text).services['orders']?.publish).toEqual({
    kind: 'host',
    ...expected,
  });
});

const two = (orders: string, users: string, more = '') =>
  `${more}services:\n  orders:\n    publish: ${orders}\n  users:\n    publish: ${users}`;

test.each<[string, string[]]>([
  [
    '{ hosts: a }',
    [
      ':3: "services.orders.publish.host" is missing: Its public host name, or several',
      ':3: unknown key "services.orders.publish.hosts"; did you mean "host"?',
    ],
  ],
  [
    '{ host: Shop.example.com }',
    [
      ':3: services.orders.publish.host: a host is a name in lower case without port and path, such as shop.example.com',
    ],
  ],
  [
    '{ host: "shop.example.com:443" }',
    [
      ':3: services.orders.publish.host: a host is a name in lower case without port and path, such as shop.example.com',
    ],
  ],
  [
    '{ host: 10.0.0.7, tls: internal }',
    [
      ':3: services.orders.publish.host: a host is a name, not an address: publish a port, such as 0.0.0.0:8080',
    ],
  ],
  [
    '{ host: a.example.com, tls: maybe }',
    [
      ':3: services.orders.publish.tls: tls is auto, internal, none, or { certificate: file, key: file }',
    ],
  ],
  [
    '{ host: a.example.com, tls: { certificate: a.pem } }',
    [
      ':3: "services.orders.publish.tls.key" is missing: Its private key, PEM; a file that git does not hold',
    ],
  ],
  [
    '{ host: a.example.com, https: 80 }',
    [
      ':3: services.orders.publish.https: HTTP and HTTPS cannot both have port 80: choose another one, or "http: false"',
    ],
  ],
  [
    '{ host: a.example.com, tls: none, https: 443 }',
    [':3: services.orders.publish.https: there is no HTTPS with "tls: none": remove it'],
  ],
  [
    '{ host: a.example.com, tls: none, http: false }',
    [
      ':3: services.orders.publish.http: with "tls: none" there is nothing but HTTP: give it a port',
    ],
  ],
  [
    '{ host: "*.example.com" }',
    [
      ':3: services.orders.publish.host: ACME over HTTP gives no certificate for a wildcard: name each host, or use a certificate of your own',
    ],
  ],
  [
    '{ host: shop.localhost }',
    [
      ':3: services.orders.publish: no public authority gives a certificate for "shop.localhost": use "tls: internal", or name an authority of your own in edge.acme.ca',
    ],
  ],
  [
    '{ host: intranet }',
    [
      ':3: services.orders.publish: no public authority gives a certificate for "intranet": use "tls: internal", or name an authority of your own in edge.acme.ca',
    ],
  ],
])('publish: %s is refused', (publish, expected) => {
  expect(problemsOf(`services:\n  orders:\n    publish: ${publish}`)).toEqual(
    expected.map((line) => `environments/production.yml${line}`),
  );
});

test.each<[string, string, string]>([
  ['8080', '0.0.0.0:8080', 'port 8080 is published by "orders" already: choose another one'],
  ['8080', '127.0.0.1:8080', 'port 8080 is published by "orders" already: choose another one'],
  [
    '{ host: a.example.com }',
    '443',
    'port 443 is published by "orders" already: choose another one',
  ],
  [
    '{ host: a.example.com }',
    '{ host: a.example.com }',
    'host a.example.com is published by "orders" already',
  ],
  [
    '{ host: a.example.com, http: 8080 }',
    '{ host: b.example.com, http: false, https: 8080 }',
    'port 8080 is HTTPS for one of this service and "orders", and HTTP for the other',
  ],
  [
    '{ host: a.example.com }',
    '{ host: b.example.com, address: 10.0.0.7 }',
    'port 80 is published by "orders" on another address: give both the same',
  ],
])('publish: %s beside %s is refused', (orders, users, message) => {
  expect(problemsOf(two(orders, users))).toEqual([
    `environments/production.yml:5: services.users.publish: ${message}`,
  ]);
});

test.each([
  ['8080', '10.0.0.7:8081'],
  ['10.0.0.6:8080', '10.0.0.7:8080'],
  ['0', '0'],
  ['{ host: a.example.com }', '{ host: b.example.com }'],
  ['{ host: a.example.com }', '8080'],
])('publish: %s beside %s', (orders, users) => {
  expect(problemsOf(two(orders, users))).toEqual([]);
});

test('a host needs the edge', () => {
  expect(
    problemsOf('edge: false\nservices:\n  orders:\n    publish: { host: a.example.com }'),
  ).toEqual([
    'environments/production.yml:4: services.orders.publish: a host needs the edge, and "edge: false" is set: remove that, or publish a port such as 0.0.0.0:80',
  ]);
});

test.each<[string, string[]]>([
  ['true', [':1: edge: edge is false, or a map such as { accessLog: json }']],
  ['{ accesLog: json }', [':1: unknown key "edge.accesLog"; did you mean "accessLog"?']],
  ['{ accessLog: clf }', [':1: edge.accessLog: "clf" is not one of none, json']],
  [
    '{ trustedProxies: [lb.example.com] }',
    [':1: edge.trustedProxies[0]: a proxy is an address or a network, such as 10.0.0.0/8'],
  ],
  [
    '{ headerTimeout: 0, idleTimeout: 1h }',
    [
      ':1: edge.headerTimeout: a time is a number of seconds, or for example 60s or 2m',
      ':1: edge.idleTimeout: a time is a number of seconds, or for example 60s or 2m',
    ],
  ],
])('edge: %s is refused', (edge, expected) => {
  expect(problemsOf(`edge: ${edge}`)).toEqual(
    expected.map((line) => `environments/production.yml${line}`),
  );
});

test('a private authority can issue certificates for any name', () => {
  const acme = 'edge: { acme: { ca: "https://ca.corp/acme/directory" } }\n';
  expect(problemsOf(`${acme}services: { orders: { publish: { host: shop.internal } } }`)).toEqual(
    [],
  );
});

test.each([
  ['90', 90],
  ['90s', 90],
  ['2m', 120],
])('healthTimeout: %s', (time, expected) => {
  expect(parseEnvironment('production', `healthTimeout: ${time}`).healthTimeout).toBe(expected);
});

test.each(['0', '-3', 'soon', '1h', '0s', '[1]'])('healthTimeout: %s is refused', (time) => {
  expect(problemsOf(`healthTimeout: ${time}`)).toEqual([
    'environments/production.yml:1: healthTimeout: a time is a number of seconds, or for example 60s or 2m',
  ]);
});

test.each<[string, string[]]>([
  ['- a', [':1: the file holds a list; it must hold keys with values, such as engine and context']],
  ['engine: swarm', [':1: engine: "swarm" is not one of compose, kubernetes and ecs']],
  ['registri: x', [':1: unknown key "registri"; did you mean "registry"?']],
  ['context: a\nhost: ssh://b', [':2: host: give either a docker context or a host, not both']],
  [
    'host: ssh://b\nverify: { key: cosign.pub }',
    [
      ':2: verify: signatures are in the registry, and this environment runs images of its own engine: add "registry", or remove "verify"',
    ],
  ],
  [
    'registry: reg.example.com\nverify: { keys: cosign.pub }',
    [
      ':2: verify: verify is { key: keys/cosign.pub }, or { identity: …, issuer: … } for signatures without a key; and "sbom: true" to demand a list of packages',
    ],
  ],
  [
    'registry: reg.example.com\nverify: { identity: ci, issuer: http://a.example.com }',
    [':2: verify.issuer: an issuer is an address with https://'],
  ],
  [
    'registry: reg.example.com\nverify: cosign.pub',
    [
      ':2: verify: verify is { key: keys/cosign.pub }, or { identity: …, issuer: … } for signatures without a key; and "sbom: true" to demand a list of packages',
    ],
  ],
  ['context: ""', [':1: context: is empty']],
  ['host: example.com', [':1: host: the host is an address such as ssh://deploy@example.com']],
  [
    'registry: https://reg.example.com',
    [':1: registry: the registry is host[:port][/path], in lower case and without https://'],
  ],
  [
    'project: My App',
    [':1: project: the Compose project is named with lower-case letters, digits, "-" and "_"'],
  ],
  [
    'services:\n  order:\n    replicas: 1',
    [':2: "order" is not a service of this platform; did you mean "orders"?'],
  ],
  [
    'services:\n  orders:',
    [':2: services.orders: has no value: give it a map of keys, or remove it'],
  ],
  [
    'services:\n  orders:\n    replica: 2',
    [':3: unknown key "services.orders.replica"; did you mean "replicas"?'],
  ],
  [
    'services:\n  orders:\n    replicas: two\n    environment: { A: [1] }',
    [
      ':4: services.orders.environment.A: a variable is text, a number, true or false',
      ':3: services.orders.replicas: "two" is not a number',
    ],
  ],
  ...['sk_live_1', '{ file: a, environment: B }', '{ fil: a }'].map(
    (source): [string, string[]] => [
      `services:\n  orders:\n    secrets:\n      KEY: ${source}`,
      [
        ':4: services.orders.secrets.KEY: a secret is { file: path }, { environment: VARIABLE } or { command: [program, argument, …] }',
      ],
    ],
  ),
  [
    'services:\n  orders:\n    secrets: { a-b: { file: a } }',
    [
      ':3: services.orders.secrets.a-b: a secret is named as the variable that the service reads, for example STRIPE_KEY',
    ],
  ],
  [
    'services:\n  orders:\n    environment: { KEY: a }\n    secrets: { KEY: { file: a } }',
    [':4: services.orders.secrets.KEY: KEY is also set under "environment": remove it there'],
  ],
  [
    'services:\n  orders:\n    resources: { memory: 1GB }',
    [
      ':3: services.orders.resources.memory: give a whole number with a unit K, M or G, for example 256M',
    ],
  ],
  ...['billing:3001', 'ftp://a.example.com', '3'].map((url): [string, string[]] => [
    `links:\n  users: ${url}`,
    [':2: links.users: a link is an address such as https://billing.example.com'],
  ]),
  [
    'links:\n  users: https://me:word@a.example.com',
    [':2: links.users: a link must not contain a user or a password: give the consumer a secret'],
  ],
  [
    'links:\n  user: https://a.example.com',
    [':2: "user" is not a service of this platform; did you mean "users"?'],
  ],
  [
    'healthTimeout: soon\nservices:\n  mailing: { replicas: 2 }\nlinks:\n  billing: https://a.example.com',
    [
      ':1: healthTimeout: a time is a number of seconds, or for example 60s or 2m',
      ':3: "mailing" is not a service of this platform; known are orders, users; remove it if the service is gone',
      ':5: "billing" is not a service of this platform; known are orders, users; remove it if the service is gone',
    ],
  ],
])('%j', (text, expected) => {
  expect(problemsOf(text)).toEqual(expected.map((line) => `environments/production.yml${line}`));
});

test('a bad name', () => {
  expect(problemsOf('', 'Prod')).toEqual([
    expect.stringContaining(`environments/Prod.yml: "Prod" cannot be an environment's name`),
  ]);
});

test("any service name is accepted if the platform's services are not known", () => {
  expect(Object.keys(parseEnvironment('production', 'services: { x: {} }').services)).toEqual([
    'x',
  ]);
});

test.each([
  ['', { kind: 'local' }],
  ['registry: localhost:5000\n', { kind: 'pushed', registry: 'localhost:5000' }],
  ['registry: localhost:5000\nimages: local\n', { kind: 'local' }],
  ['images: local\n', { kind: 'local' }],
])('with %j images are %j', (text, expected) => {
  expect(imageSource(parseEnvironment('production', text))).toEqual(expected);
});

test('says what is missing if pushed images have no registry', () => {
  expect(() => imageSource(parseEnvironment('production', 'images: pushed\n'))).toThrow(
    'environments/production.yml is incomplete: it runs pushed images, so add "registry: registry.example.com/acme"',
  );
});

test.each([
  ['url: shop.example.com', 'the public URL is an address such as https://shop.example.com'],
  ['url: "https://a:b@shop.example.com"', 'the public URL must not contain a user or a password'],
  [
    'url: "https://shop.example.com", environment: { PUBLIC_URL: x }',
    'the service gets it as PUBLIC_URL, which is also set here: remove one of the two',
  ],
])('a service with %s is refused', (text, message) => {
  expect(problemsOf(`services: { orders: { ${text} } }`).join()).toContain(message);
});
