import { expect, it } from 'vitest';
import { mergeDocuments } from './openapi-merge.js';

const schema = (name: string) => ({ $ref: `#/components/schemas/${name}` });

const orders = {
  openapi: '3.1.0',
  servers: [{ url: 'http://orders:3001' }],
  paths: {
    '/api/orders': {
      get: { operationId: 'list', tags: ['x'], responses: { 200: schema('Order') } },
    },
    '/api/orders/{id}': {
      parameters: [{ $ref: '#/components/parameters/Id' }],
      delete: { security: [{ internal: [] }], responses: {} },
    },
    '/api/orders-archive': { get: { responses: {} } },
    '/internal/reindex': { post: { responses: { 200: schema('Secret') } } },
  },
  components: {
    parameters: { Id: { name: 'id', in: 'path' } },
    schemas: {
      Order: {
        properties: { item: schema('Item'), text: { const: '#/components/schemas/Item' } },
        discriminator: { mapping: { a: '#/components/schemas/Item' } },
      },
      Item: { properties: { parent: schema('Item') } },
      Secret: { type: 'string' },
    },
    securitySchemes: { internal: { type: 'apiKey' } },
  },
};

const users = {
  openapi: '3.0.3',
  paths: { '/api/login': { post: { responses: { 200: schema('Order') } } } },
  components: { schemas: { Order: { type: 'number' } } },
};

it('contains what the routes serve, under the names of the services', () => {
  const merged = mergeDocuments({ title: 'shop', version: '1', bearer: true }, [
    { service: 'orders', routes: [{ path: '/api/orders' }], document: orders },
    { service: 'users', routes: [{ path: '/api/login', auth: 'none' }], document: users },
    { service: 'bills', routes: [{ path: '/api/bills' }], problem: 'describes itself nowhere' },
  ]);
  expect(merged).toEqual({
    openapi: '3.1.0',
    info: { title: 'shop', version: '1', description: '- bills: describes itself nowhere' },
    servers: [{ url: '/' }],
    tags: [{ name: 'orders' }, { name: 'users' }, { name: 'bills' }],
    paths: {
      '/api/orders': {
        get: {
          operationId: 'orders.list',
          tags: ['orders'],
          responses: { 200: schema('orders.Order') },
          security: [{ bearer: [] }],
        },
      },
      '/api/orders/{id}': {
        parameters: [{ $ref: '#/components/parameters/orders.Id' }],
        delete: { tags: ['orders'], responses: {}, security: [{ bearer: [] }] },
      },
      '/api/login': { post: { tags: ['users'], responses: { 200: schema('users.Order') } } },
    },
    components: {
      parameters: { 'orders.Id': { name: 'id', in: 'path' } },
      schemas: {
        'orders.Order': {
          properties: { item: schema('orders.Item'), text: { const: '#/components/schemas/Item' } },
          discriminator: { mapping: { a: '#/components/schemas/orders.Item' } },
        },
        'orders.Item': { properties: { parent: schema('orders.Item') } },
        'users.Order': { type: 'number' },
      },
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    },
  });
});

it('is a valid document even without providers', () => {
  expect(mergeDocuments({ title: 'shop', version: '1' }, [])).toEqual({
    openapi: '3.1.0',
    info: { title: 'shop', version: '1' },
    servers: [{ url: '/' }],
    tags: [],
    paths: {},
    components: {},
  });
});

it('has the paths of callers if a route rewrites them, and what the longest match serves', () => {
  const get = { get: { responses: {} } };
  const document = {
    openapi: '3.1.0',
    paths: { '/orders': get, '/orders/{id}': get, '/orders/admin/x': get, '/other': get },
  };
  const routes = [
    { path: '/api/orders', rewrite: '/orders', auth: 'none' },
    { path: '/api/orders/admin', rewrite: '/orders/admin' },
    { path: '/shop', rewrite: '/' },
  ] as const;
  const { paths } = mergeDocuments({ title: 'shop', version: '1', bearer: true }, [
    { service: 'orders', routes, document },
  ]);
  const operation = { tags: ['orders'], responses: {} };
  const open = { get: operation };
  const guarded = { get: { ...operation, security: [{ bearer: [] }] } };
  expect(paths).toEqual({
    '/api/orders': open,
    '/api/orders/{id}': open,
    '/api/orders/admin/x': guarded,
    '/shop/orders': guarded,
    '/shop/orders/{id}': guarded,
    '/shop/orders/admin/x': guarded,
    '/shop/other': guarded,
  });
});

it('has the aggregates of the gateway, under its own name', () => {
  const part = { service: 'users', url: 'http://users:3001', path: '/users/:id', query: ['page'] };
  const aggregates = [
    { path: '/api/users/:id/all', parts: { user: part } },
    { path: '/api/open', auth: 'none', parts: { user: { ...part, path: '/users', query: [] } } },
  ] as const;
  const merged = mergeDocuments({ title: 'edge', version: '1', bearer: true, aggregates }, []);
  expect(merged).toMatchObject({
    tags: [{ name: 'edge' }],
    paths: {
      '/api/users/{id}/all': {
        get: {
          tags: ['edge'],
          parameters: [
            { name: 'id', in: 'path', required: true },
            { name: 'page', in: 'query' },
          ],
          security: [{ bearer: [] }],
        },
      },
      '/api/open': {
        get: {
          responses: {
            200: { content: { 'application/json': { schema: { required: ['data', 'errors'] } } } },
          },
        },
      },
    },
  });
  expect(JSON.stringify(merged['paths'])).toContain('"data":{"type":"object","required":["user"]');
  expect(merged).not.toHaveProperty(['paths', '/api/open', 'get', 'security']);
});
