import { describe, expect, it } from 'vitest';
import { checkPlatform } from './platform';
import { formatProblem } from './problem';

function problemsOf(manifests: Record<string, string>): string[] {
  const files = Object.entries(manifests).map(([name, text]) => ({
    name,
    root: `apps/${name}`,
    file: `${name}.yml`,
    text,
  }));
  return checkPlatform('acme', files).problems.map(formatProblem);
}

const PROVIDERS = {
  orders: 'port: 3001\nexpose: public\nroutes: [/api/orders]',
  users: 'port: 3002',
};

/** The problems of a gateway with that aggregate, which starts in line 5. */
function inAggregate(lines: string): string[] {
  const edge = `kind: gateway\nport: 3000\nconsumes: [orders, users]\naggregates:\n${lines}`;
  return problemsOf({ ...PROVIDERS, edge });
}

const PARTS = 'parts: { user: { service: users, path: /users/me } }';

describe('an aggregate', () => {
  it('is accepted with everything', () => {
    expect(
      inAggregate(`  - path: /api/customers/:id/all
    auth: none
    rateLimit: off
    timeoutMs: 2000
    maxBytes: 65536
    parts:
      user: { service: users, path: /users/:id, required: true }
      openOrders: { service: orders, path: "/orders?open=true&of=a%20b", query: [page], timeoutMs: 500 }
      root: { service: orders, path: / }`),
    ).toEqual([]);
  });

  it.each([
    [
      `path: api/me, ${PARTS}`,
      'aggregates[0].path: "api/me" is not a plain path: write segments of letters',
    ],
    [`path: /api/../me, ${PARTS}`, '"/api/../me" is not a plain path'],
    [`path: /docs/me, ${PARTS}`, '"/docs/me" is reserved: the gateway itself answers /docs'],
    [
      'path: "/api/:id/:id", parts: { u: { service: users, path: "/u/:id" } }',
      '"/api/:id/:id" has two values called ":id": rename one',
    ],
    [
      `path: "/api/:id", ${PARTS}`,
      '":id" is used by no part: remove it, or use it in the path of a part',
    ],
    [
      'path: /api/me, parts: { u: { service: users, path: "/users/:id" } }',
      `":id" is not a value of the aggregate's path /api/me`,
    ],
    [
      'path: /api/me, parts: { u: { service: users, path: users } }',
      '"users" is not a path: write it as the service itself serves it',
    ],
    ['path: /api/me, parts: { u: { service: users, path: "/a/../b" } }', '"/a/../b" is not a path'],
    ['path: /api/me, parts: { u: { service: users } }', '"aggregates[0].parts.u.path" is missing'],
    [
      'path: /api/me, parts: { u-v: { service: users, path: /u } }',
      '"u-v" is not the name of a part: write letters, digits and "_", such as openOrders',
    ],
    ['path: /api/me, parts: {}', 'has no part: name one'],
    ['path: /api/me', '"aggregates[0].parts" is missing'],
    [`path: /api/me, rewrite: /, ${PARTS}`, 'unknown key "aggregates[0].rewrite"'],
    [`path: /api/me, timeoutMs: 0, ${PARTS}`, 'timeoutMs: 0 is too small: at least 1'],
    [
      'path: /api/me, parts: { u: { service: bills, path: /u } }',
      '"edge" does not consume "bills": add it to "consumes"; known are orders, users',
    ],
    [
      'path: /api/me, parts: { u: { service: user, path: /u } }',
      '"edge" does not consume "user": add it to "consumes"; did you mean "users"?',
    ],
    [
      `path: /api/orders, ${PARTS}`,
      '"/api/orders" is a route of "orders" already: choose another path',
    ],
  ])('is refused: { %s }', (text, message) => {
    const found = inAggregate(`  - { ${text} }`);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain('edge.yml:5: ');
    expect(found[0]).toContain(message);
  });

  it('is refused with the line of each problem', () => {
    const parts = Array.from({ length: 21 }, (_, i) => `p${i}: { service: users, path: /u }`);
    expect(
      inAggregate(`  - path: /api/:id
    parts:
      a: { service: users, path: "/u/:id" }
      b: { service: bills, path: /b }
  - path: /api/:name
    parts: { a: { service: users, path: "/u/:name" } }
  - { path: /api/many, parts: { ${parts.join(', ')} } }`),
    ).toEqual(['edge.yml:11: aggregates[2].parts: has 21 parts: at most 20']);
    expect(
      inAggregate(`  - path: /api/:id
    parts:
      a: { service: users, path: "/u/:id" }
      b: { service: bills, path: /b }
  - path: /api/:name
    parts: { a: { service: users, path: "/u/:name" } }`),
    ).toEqual([
      'edge.yml:8: "edge" does not consume "bills": add it to "consumes"; known are orders, users',
      'edge.yml:9: "/api/:name" is the same path as "/api/:id": choose another one',
    ]);
  });
});

it('an aggregate calls services without keys that can be called, from a gateway', () => {
  const aggregates = 'aggregates: [{ path: /api/me, parts: { a: { service: users, path: /u } } }]';
  const edge = `kind: gateway\nport: 3000\nconsumes: [users]\n${aggregates}`;
  expect(problemsOf({ edge, users: 'port: 3002\nauth: service-keys' })).toEqual([
    'edge.yml:4: "users" accepts only services with a key, which no gateway has: remove the part, or "auth: service-keys" there',
  ]);
  expect(problemsOf({ edge, users: 'port: 3002\nkind: worker' })).toEqual([
    'edge.yml:4: "users" is a worker, which answers no calls: remove the part',
  ]);
  const orders = `port: 3001\nconsumes: [users]\n${aggregates}`;
  expect(problemsOf({ orders, users: 'port: 3002' })).toEqual([
    'orders.yml:3: "orders" is a service, and only gateways have aggregates: move them to the gateway',
  ]);
});

describe('a limit with classes', () => {
  const orders = 'port: 3001\nexpose: public\nroutes:\n  - path: /api/orders\n    rateLimit:';
  const edge = 'kind: gateway\nport: 3000\nconsumes: [orders]';

  it.each(['off', '{ perMinute: 60 }', '{ perMinute: 60, classes: { anonymous: 10 } }'])(
    'is accepted without a claim: %s',
    (limit) => {
      expect(problemsOf({ edge, orders: `${orders} ${limit}` })).toEqual([]);
    },
  );

  it('needs the claim that names them, in each gateway that serves the route', () => {
    const limit = ' { perMinute: 60, classes: { anonymous: 10, partner: 600 } }';
    const admin = 'kind: gateway\nport: 3009\nconsumes: [orders]\ncallerClass: plan';
    expect(problemsOf({ admin, edge, orders: orders + limit })).toEqual([
      'orders.yml:5: gateway "edge" cannot tell who is "partner": add "callerClass" to edge.yml, with the claim of the token that names the class',
    ]);
    expect(problemsOf({ admin, orders: orders + limit })).toEqual([]);
    const own = `${edge}\naggregates:\n  - path: /api/me\n    rateLimit: ${limit}\n    parts: { a: { service: orders, path: /a } }`;
    expect(problemsOf({ edge: own, orders: 'port: 3001' })).toEqual([
      'edge.yml:6: gateway "edge" cannot tell who is "partner": add "callerClass" to edge.yml, with the claim of the token that names the class',
    ]);
    expect(problemsOf({ orders: 'port: 3001\ncallerClass: plan' })).toEqual([
      'orders.yml:2: "orders" is a service, and only gateways check tokens of callers: move "callerClass" to the gateway',
    ]);
  });

  it.each([
    ['on', 'rateLimit: is not a limit: write off, or a map such as { perMinute: 60 }'],
    ['{ perMinute: 0 }', 'rateLimit.perMinute: 0 is too small: at least 1'],
    [
      '{ classes: { a: 1 } }',
      '"routes[0].rateLimit.perMinute" is missing: Requests of each caller in a minute',
    ],
    ['{ perMinute: 1, classes: { "a b": 1 } }', '"a b" is not the name of a class'],
    ['{ perMinute: 1, perHour: 2 }', 'unknown key "routes[0].rateLimit.perHour"'],
  ])('is refused: %s', (limit, message) => {
    const found = problemsOf({ edge, orders: `${orders} ${limit}` });
    expect(found).toHaveLength(1);
    expect(found[0]).toContain('orders.yml:5: ');
    expect(found[0]).toContain(message);
  });
});
