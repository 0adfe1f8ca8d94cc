import { expect, it } from 'vitest';
import { serviceNamed } from '../platform/platform';
import { platformOf } from '../testing/platform';
import { deriveProviderRoutesModule } from './provider-routes-module';

const MANIFESTS = {
  edge: 'kind: gateway\nport: 3000\nconsumes: [orders, order-items, users]',
  orders: 'port: 3001\nexpose: public\nroutes: [/api/orders]',
  'order-items':
    'port: 3002\nexpose: public\nroutes:\n  - { path: /api/items, auth: none, rateLimit: off, timeoutMs: 500, websocket: true }\n  - { path: /api/tags, websocket: false }',
  users: 'port: 3003',
  other: 'port: 3004\nexpose: public\nroutes: [/api/other]',
};

function derive(manifests: Record<string, string>, current?: string) {
  const platform = platformOf(manifests);
  return deriveProviderRoutesModule(platform, serviceNamed(platform, 'edge'), current);
}

const edge = `// Kept by \`nx sync\` from service.yml: the public routes of the services that this gateway consumes.
import type { Provider } from '@org/chassis/gateway';
import type { Config } from './config.js';

export function providerRoutes(config: Config): Provider[] {
  return [
    {
      service: 'orders',
      url: config.MICROSERVICE_ORDERS_URL,
      routes: [
        {
          path: '/api/orders',
        },
      ],
    },
    {
      service: 'order-items',
      url: config.MICROSERVICE_ORDER_ITEMS_URL,
      routes: [
        {
          path: '/api/items',
          auth: 'none',
          rateLimit: 'off',
          timeoutMs: 500,
          websocket: true,
        },
        {
          path: '/api/tags',
        },
      ],
    },
  ];
}
`;

it('contains the public routes of consumed services only', () => {
  expect(derive(MANIFESTS).text).toBe(edge);
});

it('is an empty function if there are none', () => {
  expect(derive({ ...MANIFESTS, edge: 'kind: gateway\nport: 3000\nconsumes: [users]' }).text)
    .toBe(`// Kept by \`nx sync\` from service.yml: the public routes of the services that this gateway consumes.
import type { Provider } from '@org/chassis/gateway';

export const providerRoutes: (config: object) => Provider[] = () => [];
`);
});

it("is in step in another workspace's format", () => {
  const formatted = edge.replaceAll("'", '"').replaceAll(';', '');
  expect(derive(MANIFESTS, formatted)).toMatchObject({ text: formatted, drift: [] });
});

it('says which routes came and went, and which rules changed', () => {
  const moved = { ...MANIFESTS, orders: 'port: 3001\nexpose: public\nroutes: [/api/v2/orders]' };
  expect(derive(moved, edge).drift).toEqual([
    '/api/orders is not in the manifest',
    '/api/v2/orders is missing',
  ]);
  const opened = {
    ...MANIFESTS,
    orders: 'port: 3001\nexpose: public\nroutes: [{ path: /api/orders, auth: none }]',
  };
  expect(derive(opened, edge)).toMatchObject({
    text: expect.stringContaining("path: '/api/orders',\n          auth: 'none',") as string,
    drift: ['it was edited; nx sync replaces it'],
  });
});

it('contains what the gateway changes on a route, as code', () => {
  const orders = `port: 3001
expose: public
routes:
  - path: /api/orders
    rewrite: /
    headers:
      request: { set: { x-shop: "it's \\\\ one" }, remove: [Cookie] }
    fields: { rename: { order_id: id, customer.name: $who, __proto__: proto } }`;
  const changed = { ...MANIFESTS, orders };
  expect(derive(changed).text).toContain(`        {
          path: '/api/orders',
          rewrite: '/',
          headers: {
            request: {
              set: {
                'x-shop': "it's \\\\ one",
              },
              remove: [
                'Cookie',
              ],
            },
          },
          fields: {
            rename: {
              order_id: 'id',
              'customer.name': '$who',
            },
          },
        },`);
  expect(derive(changed, edge).drift).toEqual(['/ is missing']);
  expect(derive(changed, derive(changed).text).drift).toEqual([]);
  expect(derive(MANIFESTS, derive(changed).text).drift).toEqual(['/ is not in the manifest']);
});

it('contains aggregates, also of services without public routes', () => {
  const withAggregate = {
    ...MANIFESTS,
    edge: `kind: gateway
port: 3000
consumes: [orders, users]
aggregates:
  - path: /api/users/:id/all
    auth: none
    parts:
      user: { service: users, path: "/users/:id", required: true }
      orders: { service: orders, path: /orders, query: [page], timeoutMs: 500 }`,
  };
  const { text } = derive(withAggregate);
  expect(text).toContain("import type { Aggregate, Provider } from '@org/chassis/gateway';");
  expect(text).toContain(
    'export function providerRoutes(config: Config): (Aggregate | Provider)[] {',
  );
  expect(text).toContain(`    {
      path: '/api/users/:id/all',
      auth: 'none',
      parts: {
        user: {
          service: 'users',
          url: config.MICROSERVICE_USERS_URL,
          path: '/users/:id',
          required: true,
        },
        orders: {
          service: 'orders',
          url: config.MICROSERVICE_ORDERS_URL,
          path: '/orders',
          query: [
            'page',
          ],
          timeoutMs: 500,
        },
      },
    },
  ];
}
`);
  expect(derive(withAggregate, text).drift).toEqual([]);
  expect(derive(withAggregate, edge).drift).toEqual(
    expect.arrayContaining(['/api/users/:id/all is missing', 'MICROSERVICE_USERS_URL is missing']),
  );
  const only = {
    users: MANIFESTS.users,
    edge: withAggregate.edge.replace(/orders, (?=users)/, '').replace(/^ +orders:.*$/m, ''),
  };
  expect(derive(only).text).toContain('url: config.MICROSERVICE_USERS_URL');
});

it('contains limits, with the claim of the gateway if they have classes of callers', () => {
  const limits = {
    ...MANIFESTS,
    edge: 'kind: gateway\nport: 3000\nconsumes: [orders]\ncallerClass: plan',
    orders: `port: 3001
expose: public
routes:
  - { path: /api/orders, rateLimit: { perMinute: 60, classes: { anonymous: 10, partner: 600 } } }
  - { path: /api/carts, rateLimit: { perMinute: 60, classes: { anonymous: 10 } } }`,
  };
  expect(derive(limits).text).toContain(`          path: '/api/orders',
          rateLimit: {
            perMinute: 60,
            classes: {
              anonymous: 10,
              partner: 600,
            },
            classClaim: 'plan',
          },`);
  expect(derive(limits).text.match(/classClaim/g)).toHaveLength(1);
});
