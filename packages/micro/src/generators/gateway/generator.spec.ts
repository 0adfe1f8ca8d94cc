import { readJson, updateJson, type Tree } from '@nx/devkit';
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { formattedModules, treeFiles } from '../../testing/tree-files';
import { serviceGenerator } from '../service/generator';
import { syncWorkspace } from '../sync/sync-workspace';
import { readTreePlatform } from '../workspace-tree';
import { gatewayGenerator, type GatewaySchema } from './generator';

const ALL = {
  consumes: 'orders,users',
  auth: 'jwt',
  rateLimit: true,
  cors: 'https://shop.example.com, https://admin.example.com',
  openapi: true,
  datastores: 'rate-limit=redis',
} as const;

describe('gateway', () => {
  let tree: Tree;
  const text = (path: string) => tree.read(path, 'utf8') ?? '';

  beforeEach(async () => {
    tree = createTreeWithEmptyWorkspace({ formatter: 'none' });
    await serviceGenerator(tree, { name: 'orders', routes: '/api/orders, /api/carts' });
    await serviceGenerator(tree, { name: 'users' });
  });

  it('serves the public routes of the services that it consumes', async () => {
    await gatewayGenerator(tree, { name: 'edge', consumes: 'orders,users' });
    expect(readTreePlatform(tree).services).toContainEqual(
      expect.objectContaining({ name: 'edge', kind: 'gateway', consumes: ['orders', 'users'] }),
    );
    const routes = text('apps/edge/src/provider-routes.ts');
    expect(routes).toContain('url: config.MICROSERVICE_ORDERS_URL');
    expect(routes).toContain("path: '/api/carts'");
    expect(routes).not.toContain('USERS');
    const app = text('apps/edge/src/app.ts');
    expect(app).toContain('await app.register(proxy.routes)');
    expect(app).not.toMatch(/jwt|cors|rateLimit|apiDocs/);
    expect(tree.exists('apps/edge/src/routes/hello.ts')).toBe(false);
    expect(text('apps/edge/compose.yaml')).toContain('- 127.0.0.1:3003:3003');
    const { dependencies } = readJson<{ dependencies: object }>(tree, 'apps/edge/package.json');
    expect(Object.keys(dependencies)).toEqual([
      '@fastify/http-proxy',
      '@org/chassis',
      'fastify',
      'prom-client',
      'undici',
      'ws',
      'zod',
    ]);
  });

  it('follows a manifest that changes', async () => {
    await gatewayGenerator(tree, { name: 'edge', consumes: 'orders,users' });
    const manifest = text('apps/users/service.yml');
    const routes = 'expose: public\nroutes: [{ path: /api/login, auth: none }]\n';
    tree.write('apps/users/service.yml', `${manifest}${routes}`);
    expect(syncWorkspace(tree)).toEqual([
      expect.objectContaining({
        path: 'apps/edge/src/provider-routes.ts',
        drift: ['MICROSERVICE_USERS_URL is missing', '/api/login is missing'],
      }),
    ]);
    expect(text('apps/edge/src/provider-routes.ts')).toContain("auth: 'none'");
  });

  it('follows what a manifest says to change on a route', async () => {
    await gatewayGenerator(tree, { name: 'edge', consumes: 'orders,users' });
    const manifest = text('apps/users/service.yml');
    const route = `  - path: /api/users
    rewrite: /users
    headers: { response: { remove: [server] } }
    fields: { remove: [password] }
`;
    tree.write('apps/users/service.yml', `${manifest}expose: public\nroutes:\n${route}`);
    expect(syncWorkspace(tree)).toEqual([
      expect.objectContaining({
        path: 'apps/edge/src/provider-routes.ts',
        drift: ['MICROSERVICE_USERS_URL is missing', '/api/users is missing', '/users is missing'],
      }),
    ]);
    expect(text('apps/edge/src/provider-routes.ts')).toContain("rewrite: '/users'");
    expect(syncWorkspace(tree)).toEqual([]);
    tree.write(
      'apps/users/service.yml',
      `${manifest}expose: public\nroutes:\n${route.replace('server', 'host')}`,
    );
    expect(() => syncWorkspace(tree)).toThrow(
      /apps\/users\/service\.yml:\d+: routes\[0\]\.headers\.response\.remove\[0\]: "host" belongs to the connection/,
    );
  });

  it('follows the aggregates of its own manifest', async () => {
    await gatewayGenerator(tree, { name: 'edge', ...ALL });
    const manifest = text('apps/edge/service.yml');
    const aggregate = `aggregates:
  - path: /api/me
    parts:
      user: { service: users, path: /users/me, required: true }
      orders: { service: orders, path: /api/orders, timeoutMs: 500 }
`;
    tree.write('apps/edge/service.yml', manifest + aggregate);
    expect(syncWorkspace(tree).map(({ path }) => path)).toEqual([
      'apps/edge/src/provider-routes.ts',
    ]);
    expect(text('apps/edge/src/provider-routes.ts')).toContain('(Aggregate | Provider)[]');
    expect(syncWorkspace(tree)).toEqual([]);
    tree.write(
      'apps/edge/service.yml',
      manifest + aggregate.replace('service: users', 'service: user'),
    );
    expect(() => syncWorkspace(tree)).toThrow(
      /apps\/edge\/service\.yml:\d+: "edge" does not consume "user": add it to "consumes"; did you mean "users"\?/,
    );
  });

  it('contains the requested features, in the order that they need', async () => {
    await gatewayGenerator(tree, { name: 'edge', ...ALL });
    const app = text('apps/edge/src/app.ts');
    const places = ['cors({', 'jwt({', 'rateLimit({', 'apiDocs({', 'proxy.routes'].map((part) =>
      app.indexOf(part),
    );
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places[0]).toBeGreaterThan(0);
    expect(app).toContain('redis: resources.rateLimit.client');
    expect(text('apps/edge/src/config.ts')).toContain(
      "default('https://shop.example.com,https://admin.example.com')",
    );
    expect(text('apps/edge/service.yml')).toContain("external: ['@fastify/swagger-ui']");
    const { dependencies } = readJson<{ dependencies: object }>(tree, 'apps/edge/package.json');
    expect(Object.keys(dependencies)).toEqual(
      expect.arrayContaining([
        '@fastify/cors',
        '@fastify/rate-limit',
        '@fastify/swagger-ui',
        'jose',
      ]),
    );
  });

  it('changes nothing when it runs again after a person has edited the files', async () => {
    await gatewayGenerator(tree, { name: 'edge', ...ALL });
    for (const file of ['src/app.ts', 'src/config.ts', 'service.yml', 'README.md']) {
      const path = `apps/edge/${file}`;
      tree.write(path, `${text(path)}${file.endsWith('.ts') ? '//' : '#'} ours\n`);
    }
    const edited = treeFiles(tree);
    await gatewayGenerator(tree, { name: 'edge', ...ALL, skipFormat: true });
    expect(treeFiles(tree)).toEqual(edited);
  });

  it('writes the same with and without a formatter', async () => {
    const formatted = createTreeWithEmptyWorkspace({ formatter: 'prettier' });
    const plain = createTreeWithEmptyWorkspace({ formatter: 'none' });
    for (const each of [plain, formatted]) {
      updateJson(each, 'package.json', (json: object) => ({ ...json, name: '@acme/source' }));
      await serviceGenerator(each, { name: 'orders', routes: '/api/orders', openapi: true });
      await serviceGenerator(each, { name: 'bills', routes: '/api/bills', auth: 'jwt' });
      await serviceGenerator(each, {
        name: 'notes',
        routes: '/api/notes',
        datastores: 'postgres',
        auth: 'jwt',
        openapi: true,
      });
      await serviceGenerator(each, { name: 'web', routes: '/api/web', framework: 'express' });
      const consumes = 'orders,bills,notes';
      await gatewayGenerator(each, { name: 'edge', ...ALL, consumes });
      await gatewayGenerator(each, { name: 'plain', consumes });
      await gatewayGenerator(each, { name: 'open', consumes, cors: '*', rateLimit: true });
      await gatewayGenerator(each, { name: 'described', openapi: true });
    }
    const after = treeFiles(formatted, 'apps');
    for (const [file, written] of Object.entries(
      await formattedModules(treeFiles(plain, 'apps')),
    )) {
      expect(written, file).toBe(after[file]);
    }
    expect(syncWorkspace(formatted)).toEqual([]);
  });

  it.each<[GatewaySchema, string]>([
    [{ name: 'orders' }, '"orders" in apps/orders is a service, not a gateway'],
    [{ name: 'edge', consumes: 'order' }, 'did you mean "orders"?'],
    [{ name: 'edge', cors: 'shop.example.com' }, 'only, such as https://shop.example.com'],
    [{ name: 'edge', cors: 'https://x.example.com/' }, 'only, such as https://x.example.com'],
    [
      { name: 'edge', consumes: 'orders,carts' },
      '"carts" and "orders" both have the route /api/carts: change one in its service.yml',
    ],
  ])('refuses %o, and writes nothing', async (schema, message) => {
    await serviceGenerator(tree, { name: 'carts', routes: '/api/carts' });
    const before = treeFiles(tree);
    await expect(gatewayGenerator(tree, schema)).rejects.toThrow(message);
    expect(treeFiles(tree)).toEqual(before);
  });
});
