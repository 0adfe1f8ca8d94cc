import { describe, expect, it } from 'vitest';
import { checkPlatform } from './platform';
import { formatRoute, type RouteEntry } from './route';

function problems(routes: string, more = ''): string[] {
  const text = `port: 3001\nexpose: public\n${more}routes:\n${routes}`;
  const file = { name: 'orders', root: 'apps/orders', file: 'service.yml', text };
  return checkPlatform('acme', [file]).problems.map(({ line, message }) => `${line}: ${message}`);
}

describe('what a gateway changes on a route', () => {
  it('is accepted', () => {
    expect(
      problems(`  - path: /api/orders
    rewrite: /
    headers:
      request: { set: { X-Shop: "one 'two'" }, remove: [cookie, authorization] }
      response: { set: { cache-control: no-store }, remove: [X-Powered-By, Server] }
    cache: { seconds: 30, vary: [accept-language], authorized: per-caller, maxBytes: 1000000 }
    fields:
      rename: { order_id: id, customer.full_name: name }
      remove: [customer.ssn]
  - { path: /api/orders/admin, rewrite: /v2/admin.json }`),
    ).toEqual([]);
  });

  it.each([
    [
      'rewrite: orders',
      '"orders" is not a plain path: write the path under which the service itself serves the route, such as /orders, or "/" if that is its root',
    ],
    ['rewrite: /orders/', '"/orders/" is not a plain path: write'],
    ['rewrite: /a/../b', '"/a/../b" is not a plain path: write'],
    ['rewrite: /orders?a=1', '"/orders?a=1" is not a plain path: write'],
    [
      'headers: { request: { set: { Host: a } } }',
      '"Host" belongs to the connection, and the gateway sets it',
    ],
    [
      'headers: { request: { set: { X-Request-Id: a } } }',
      '"X-Request-Id" is set by the gateway, and services rely on it',
    ],
    ['headers: { request: { remove: [x-service-key] } }', '"x-service-key" is set by the gateway'],
    [
      'headers: { request: { set: { Authorization: a } } }',
      '"Authorization" would be a secret in a committed file: let the service send its own',
    ],
    ['headers: { request: { remove: ["x y"] } }', '"x y" is not the name of a header'],
    [
      'headers: { response: { set: { x-a: "a\\r\\nb" } } }',
      '"a\\r\\nb" is not the value of a header: write visible ASCII characters in one line',
    ],
    ['headers: { response: { set: { x-a: "" } } }', '"" is not the value of a header'],
    ['headers: { response: { set: { x-a: 1 } } }', '1 is not text: put it in quotes'],
    [
      'headers: { response: { set: { X-A: a }, remove: [x-a] } }',
      '"x-a" is given twice: remove one',
    ],
    ['headers: { response: { set: { X-A: a, x-a: b } } }', '"x-a" is given twice: remove one'],
    ['headers: { answer: {} }', 'unknown key "routes[0].headers.answer"'],
    ['cache: yes', 'cache: "yes" is not a map of keys'],
    ['cache: { seconds: -1 }', 'cache.seconds: -1 is too small: at least 0'],
    ['cache: { ttl: 3 }', 'unknown key "routes[0].cache.ttl"'],
    [
      'cache: { vary: [Cookie] }',
      '"Cookie" says who calls: write "authorized: per-caller" instead',
    ],
    ['cache: { authorized: yes }', 'cache.authorized: "yes" is not one of per-caller, shared'],
    ['cache: { maxBytes: 1 }', 'cache.maxBytes: 1 is too small: at least 65536'],
    [
      'fields: { remove: [a..b] }',
      '"a..b" is not a field: write a name, or names with dots between them such as customer.name',
    ],
    ['fields: { remove: [a, a] }', '"a" is listed twice: remove one'],
    [
      'fields: { rename: { a.b: c.d } }',
      '"c.d" is not a name: a renamed field stays at its place, so write only its new name, without dots',
    ],
    ['fields: { rename: { a.b: b } }', '"a.b" is its name already: remove this line'],
    ['fields: { rename: { a: c, b: c } }', '"a" gets this name already: choose another one'],
    ['fields: { rename: { a: c }, remove: [a] }', '"a" is renamed and removed: choose one'],
  ])('is refused: %s', (option, message) => {
    const found = problems(`  - path: /api/orders\n    ${option}`);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(message);
    expect(found[0]).toMatch(/^5: /);
  });

  it('is refused with all problems at once', () => {
    expect(
      problems(`  - path: /api/orders
    rewrite: orders
    headers: { request: { set: { Host: a } } }
    fields: { remove: [""] }`),
    ).toHaveLength(3);
  });
});

describe('an open route', () => {
  it.each([
    [
      '/pub, rewrite: /api, auth: none',
      '/api/admin',
      '"/pub/admin" reaches "/api/admin" of the service without a token: choose another "rewrite", or give both routes the same rules',
    ],
    [
      '/pub, rewrite: /api/admin, auth: none',
      '/api/admin',
      '"/pub" reaches "/api/admin" of the service without a token',
    ],
    [
      '/api/open, auth: none',
      '/secure, rewrite: /api/open/admin',
      '"/api/open/admin" reaches "/secure" of the service without a token',
    ],
    [
      '/pub, rewrite: /, rateLimit: off',
      '/api/admin',
      '"/pub/api/admin" reaches "/api/admin" of the service without a limit',
    ],
  ])('that leads to a guarded one is refused: %s beside %s', (open, guarded, message) => {
    const found = problems(`  - { path: ${open} }\n  - { path: ${guarded} }`);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(`4: ${message}`);
  });

  it.each([
    ['/v1, rewrite: /, auth: none', '/v1/admin, rewrite: /admin'],
    ['/api/open, auth: none', '/api/open/admin'],
    [
      '/api/orders/products, rewrite: /orders/products, auth: none',
      '/api/orders, rewrite: /orders',
    ],
    ['/pub, rewrite: /public, auth: none', '/api/admin'],
  ])('that does not is accepted: %s beside %s', (open, guarded) => {
    expect(problems(`  - { path: ${open} }\n  - { path: ${guarded} }`)).toEqual([]);
  });
});

it('formatRoute writes an entry as one line of a manifest', () => {
  const route: RouteEntry = {
    path: '/api/orders',
    rewrite: '/',
    headers: { response: { set: { 'x-a': 'a: b' }, remove: ['server'] } },
  };
  expect(formatRoute('/api/orders')).toBe('/api/orders');
  expect(formatRoute({ path: '/a', auth: 'none', timeoutMs: undefined })).toBe(
    '{ path: /a, auth: none }',
  );
  expect(formatRoute(route)).toBe(
    '{ path: /api/orders, rewrite: /, headers: { response: { set: { x-a: "a: b" }, remove: [ server ] } } }',
  );
  expect(problems(`  - ${formatRoute(route)}`)).toEqual([]);
});
