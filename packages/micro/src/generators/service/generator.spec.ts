import {
  addProjectConfiguration,
  readJson,
  readProjectConfiguration,
  updateJson,
  type Tree,
} from '@nx/devkit';
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { findBuildSources, stageNames } from '../../dockerfile/build-sources';
import { formattedModules, treeFiles } from '../../testing/tree-files';
import { syncWorkspace } from '../sync/sync-workspace';
import { readTreePlatform } from '../workspace-tree';
import { serviceGenerator } from './generator';
import type { ServiceSchema } from './options';

interface PackageJson {
  name: string;
  scripts: Record<string, string>;
}

describe('service', () => {
  let tree: Tree;

  beforeEach(() => {
    tree = createTreeWithEmptyWorkspace({ formatter: 'none' });
    updateJson(tree, 'package.json', (json: object) => ({ ...json, name: '@acme/source' }));
  });

  it('makes a service that can be a Lambda function, too', async () => {
    await serviceGenerator(tree, { name: 'hello', lambda: true });
    expect(tree.read('apps/hello/service.yml', 'utf8')).toMatch(/^lambda: true$/m);
    expect(tree.read('apps/hello/src/lambda.ts', 'utf8')).toContain("lambdaHandler('hello'");
    expect(tree.read('apps/hello/README.md', 'utf8')).toContain(
      'npx nx lambda-build hello    # dist/lambda/apps/hello/function.zip for AWS Lambda',
    );
    const before = treeFiles(tree, 'apps/hello');
    await serviceGenerator(tree, { name: 'hello', lambda: true });
    expect(treeFiles(tree, 'apps/hello')).toEqual(before);
    // The key alone is enough for one that is there already.
    await serviceGenerator(tree, { name: 'orders' });
    expect(tree.exists('apps/orders/src/lambda.ts')).toBe(false);
    tree.write(
      'apps/orders/service.yml',
      `${tree.read('apps/orders/service.yml', 'utf8')}lambda: true\n`,
    );
    syncWorkspace(tree);
    expect(tree.read('apps/orders/src/lambda.ts', 'utf8')).toContain("lambdaHandler('orders'");
  });

  it('creates a project that is a package of the workspace', async () => {
    await serviceGenerator(tree, { name: 'orders' });
    expect(readProjectConfiguration(tree, 'orders').root).toBe('apps/orders');
    const { name, scripts } = readJson<PackageJson>(tree, 'apps/orders/package.json');
    expect(name).toBe('@acme/orders');
    expect(scripts).toEqual({ lint: 'eslint .', test: 'vitest run', typecheck: 'tsc --build' });
    expect(tree.read('apps/orders/service.yml', 'utf8')).toBe(
      [
        '# yaml-language-server: $schema=../../node_modules/@org/micro/schemas/service.schema.json',
        'kind: service',
        'port: 3001',
        '',
      ].join('\n'),
    );
    expect(Object.keys(treeFiles(tree, 'apps/orders'))).toEqual(
      expect.arrayContaining(
        [
          'Dockerfile',
          'README.md',
          'src/app.spec.ts',
          'src/app.ts',
          'src/config.ts',
          'src/resources.ts',
          'src/links.ts',
          'src/main.ts',
          'src/routes/hello.ts',
          'tsconfig.json',
          'vitest.config.ts',
        ].map((file) => `apps/orders/${file}`),
      ),
    );
  });

  it('leaves targets to the plugins that infer them, and joins the project references', async () => {
    updateJson(tree, 'nx.json', (json: object) => ({ ...json, plugins: ['@nx/js/typescript'] }));
    tree.write('tsconfig.base.json', '{ "compilerOptions": { "composite": true } }\n');
    tree.write('tsconfig.json', '{\n  // ours\n  "files": [],\n  "references": []\n}\n');
    await serviceGenerator(tree, { name: 'orders' });
    const { scripts } = readJson<PackageJson>(tree, 'apps/orders/package.json');
    expect(scripts).toEqual({ lint: 'eslint .', test: 'vitest run' });
    expect(readJson<object>(tree, 'apps/orders/tsconfig.json')).toMatchObject({
      extends: '../../tsconfig.base.json',
    });
    expect(tree.read('tsconfig.json', 'utf8')).toContain('// ours');
    expect(readJson<object>(tree, 'tsconfig.json')).toMatchObject({
      references: [{ path: './apps/orders' }],
    });
  });

  it('writes a Dockerfile whose last stages read only the artifact', async () => {
    await serviceGenerator(tree, { name: 'orders' });
    const dockerfile = tree.read('apps/orders/Dockerfile', 'utf8') ?? '';
    expect(stageNames(dockerfile)).toEqual([
      'base',
      'manifests',
      'deps',
      'build',
      'artifact',
      'prod-deps',
      'production',
    ]);
    expect(findBuildSources(dockerfile, { contexts: ['artifact'] })).toMatchObject({
      images: [{ name: 'node:24-bookworm-slim' }],
      contexts: ['artifact'],
      paths: [],
    });
    expect(dockerfile).toContain('\nEXPOSE 3001\n');
  });

  it('writes a Dockerfile for pnpm, with the version of the workspace', async () => {
    updateJson(tree, 'package.json', (json: object) => ({
      ...json,
      packageManager: 'pnpm@10.4.1',
    }));
    tree.write('pnpm-workspace.yaml', 'packages:\n  - libs/*\n');
    await serviceGenerator(tree, { name: 'orders' });
    const dockerfile = tree.read('apps/orders/Dockerfile', 'utf8') ?? '';
    expect(dockerfile).toContain('pnpm@10.4.1');
    expect(dockerfile).not.toContain('npm ci');
    expect(findBuildSources(dockerfile, { contexts: ['artifact'] }).paths).toEqual([]);
  });

  it('assigns the next free port, or a given one if it is free', async () => {
    await serviceGenerator(tree, { name: 'a' });
    await serviceGenerator(tree, { name: 'b', port: 3003 });
    await serviceGenerator(tree, { name: 'c' });
    await serviceGenerator(tree, { name: 'd' });
    expect(readTreePlatform(tree).services.map(({ port }) => port)).toEqual([
      3001, 3003, 3002, 3004,
    ]);
  });

  it('connects the new service to those it consumes', async () => {
    await serviceGenerator(tree, { name: 'users' });
    await serviceGenerator(tree, { name: 'billing' });
    await serviceGenerator(tree, { name: 'orders', consumes: 'users, billing' });
    expect(tree.read('apps/orders/service.yml', 'utf8')).toContain('consumes: [users, billing]\n');
    expect(tree.exists('apps/orders/src/clients/users.ts')).toBe(true);
    expect(tree.exists('apps/orders/src/clients/billing.ts')).toBe(true);
  });

  it.each<[ServiceSchema, string]>([
    [{ name: 'services/orders' }, 'services/orders'],
    [{ name: 'orders', directory: './platform/shop/orders/' }, 'platform/shop/orders'],
    [{ name: 'packages\\orders' }, 'packages/orders'],
  ])('creates it in the given folder: %o', async (schema, root) => {
    await serviceGenerator(tree, schema);
    expect(readProjectConfiguration(tree, 'orders').root).toBe(root);
    expect(tree.read(`${root}/Dockerfile`, 'utf8')).toContain(`micro build ${root}\n`);
    const { workspaces } = readJson<{ workspaces: string[] }>(tree, 'package.json');
    expect(workspaces).toContain(`${root.replace(/\/[^/]+$/, '')}/*`);
  });

  it('gives a service the datastores that it is asked for, and nothing of others', async () => {
    await serviceGenerator(tree, { name: 'orders', datastores: 'postgres,redis' });
    expect(tree.read('apps/orders/service.yml', 'utf8')).toContain(
      'datastores:\n  database: postgres\n  cache: redis\n',
    );
    const { dependencies } = readJson<{ dependencies: object }>(tree, 'apps/orders/package.json');
    expect(Object.keys(dependencies)).toEqual([
      '@org/chassis',
      'fastify',
      'ioredis',
      'pg',
      'prom-client',
      'zod',
    ]);
    expect(tree.exists('apps/orders/migrations/0001-create-items.sql')).toBe(true);
    expect(tree.read('apps/orders/src/resources.ts', 'utf8')).toContain('migratePostgres({ url');
    expect(tree.read('apps/orders/src/item-store.ts', 'utf8')).toContain('cache.client.get');
    const compose = tree.read('apps/orders/compose.yaml', 'utf8');
    expect(compose).toContain('orders-migrate:\n        condition: service_completed_successfully');

    await serviceGenerator(tree, { name: 'users' });
    expect(tree.read('apps/users/src/resources.ts', 'utf8')).toContain('resourceVariables = {};');
    expect(tree.exists('apps/users/migrations')).toBe(false);
  });

  it('gives a service the broker, and its handlers to it', async () => {
    await serviceGenerator(tree, { name: 'orders', broker: 'rabbitmq' });
    expect(tree.read('apps/orders/service.yml', 'utf8')).toContain('broker: rabbitmq\n');
    expect(tree.read('apps/orders/src/app.ts', 'utf8')).toContain(
      '  resources.broker.subscribe(subscriptions(resources));\n',
    );
    expect(tree.read('apps/orders/src/resources.ts', 'utf8')).toContain(
      'broker: rabbitmq(config.BROKER_URL, {',
    );
    expect(tree.exists('apps/orders/src/subscriptions.ts')).toBe(true);
    expect(tree.read('compose.yaml', 'utf8')).toContain('image: rabbitmq:');
    const before = treeFiles(tree);
    await serviceGenerator(tree, { name: 'orders', broker: 'rabbitmq', skipFormat: true });
    expect(treeFiles(tree)).toEqual(before);
  });

  it('requires tokens if told to', async () => {
    await serviceGenerator(tree, { name: 'orders', auth: 'jwt' });
    expect(tree.read('apps/orders/src/app.ts', 'utf8')).toContain('jwt({');
    expect(tree.read('apps/orders/src/config.ts', 'utf8')).toContain('JWT_JWKS_URL: z.url()');
    expect(tree.read('apps/orders/.serve.env', 'utf8')).toContain('JWT_ISSUER=https://issuer.');
    const before = treeFiles(tree);
    await serviceGenerator(tree, { name: 'orders', auth: 'jwt', skipFormat: true });
    expect(treeFiles(tree)).toEqual(before);
  });

  it.each(['fastify', 'express'] as const)('traces with %s if told to', async (framework) => {
    await serviceGenerator(tree, { name: 'orders', framework, tracing: true });
    await serviceGenerator(tree, { name: 'users', framework });
    const app = (name: string) => tree.read(`apps/${name}/src/app.ts`, 'utf8');
    const packages = (name: string) =>
      Object.keys(
        readJson<{ dependencies: object }>(tree, `apps/${name}/package.json`).dependencies,
      ).filter((dependency) => /otel|opentelemetry/.test(dependency));
    expect(app('orders')).toContain(`tracing: () => import('@org/chassis/tracing'),`);
    expect(packages('orders')).toHaveLength(6);
    expect(app('users')).not.toContain('tracing');
    expect(packages('users')).toEqual([]);
  });

  it('writes routes for Express if told to', async () => {
    await serviceGenerator(tree, { name: 'orders', framework: 'express', datastores: 'mariadb' });
    expect(tree.read('apps/orders/src/routes/items.ts', 'utf8')).toContain(`from 'express'`);
    expect(tree.read('apps/orders/src/resources.ts', 'utf8')).toContain('migrateMysql({ url');
  });

  it('is public if it has routes, and its example is below the first one', async () => {
    await serviceGenerator(tree, { name: 'orders', routes: '/api/orders,/api/carts' });
    expect(tree.read('apps/orders/service.yml', 'utf8')).toContain(
      'expose: public\nroutes: [/api/orders, /api/carts]\n',
    );
    expect(readTreePlatform(tree).services[0]?.routes).toEqual(['/api/orders', '/api/carts']);
    expect(tree.read('apps/orders/src/routes/hello.ts', 'utf8')).toContain(
      "const PATH = '/api/orders/hello';",
    );
    expect(tree.read('apps/orders/src/app.spec.ts', 'utf8')).toContain(
      "inject('/api/orders/hello?name=Ada')",
    );
    const before = treeFiles(tree);
    await serviceGenerator(tree, { name: 'orders', routes: '/api/orders', skipFormat: true });
    expect(treeFiles(tree)).toEqual(before);
  });

  it('describes its routes if told to', async () => {
    await serviceGenerator(tree, { name: 'orders', openapi: true, datastores: 'postgres' });
    expect(tree.read('apps/orders/src/app.ts', 'utf8')).toContain('openapi({');
    expect(tree.read('apps/orders/src/routes/items.ts', 'utf8')).toContain('ZodTypeProvider');
    const { dependencies } = readJson<{ dependencies: object }>(tree, 'apps/orders/package.json');
    expect(Object.keys(dependencies)).toContain('fastify-type-provider-zod');
  });

  it('creates a gateway if that is its kind', async () => {
    await serviceGenerator(tree, { name: 'edge', kind: 'gateway' });
    expect(tree.read('apps/edge/src/app.ts', 'utf8')).toContain('gateway({ providers })');
  });

  it('makes a worker without an example route', async () => {
    await serviceGenerator(tree, { name: 'mailer', kind: 'worker' });
    expect(tree.exists('apps/mailer/src/routes/hello.ts')).toBe(false);
    expect(tree.read('apps/mailer/src/app.ts', 'utf8')).not.toContain('hello');
    expect(tree.read('apps/mailer/service.yml', 'utf8')).toContain('kind: worker\n');
  });

  it('tests libraries of the workspace as they are, under the condition that exports their sources', async () => {
    tree.write(
      'tsconfig.base.json',
      '{ "compilerOptions": { /* ours */ "customConditions": ["@acme/source"] } }',
    );
    await serviceGenerator(tree, { name: 'orders', skipInstall: true });
    expect(tree.read('apps/orders/vitest.config.ts', 'utf8')).toMatch(
      /ssr: \{\s+resolve: \{\s+conditions: \[\s*'@acme\/source',\s+'node',\s+'development\|production'/,
    );
  });

  it('changes nothing when it runs again after a person has edited the files', async () => {
    await serviceGenerator(tree, { name: 'users' });
    await serviceGenerator(tree, { name: 'orders', consumes: ['users'] });
    const manifest = tree.read('apps/orders/service.yml', 'utf8') ?? '';
    tree.write('apps/orders/service.yml', `${manifest}replicas: 2 # ours\n`);
    const packageJson = tree.read('apps/orders/package.json', 'utf8') ?? '';
    tree.write('apps/orders/package.json', packageJson.replace('0.0.0', '1.2.3'));
    const owned = ['Dockerfile', 'README.md', 'tsconfig.json', 'vitest.config.ts', 'src/main.ts'];
    for (const file of owned) {
      const text = tree.read(`apps/orders/${file}`, 'utf8') ?? '';
      tree.write(`apps/orders/${file}`, `${text}\n`);
    }
    const edited = treeFiles(tree);
    await serviceGenerator(tree, { name: 'orders', consumes: ['users'], skipFormat: true });
    const rerun = treeFiles(tree);
    // The manifest is a source: what is derived from it may follow the edit, and nothing else.
    for (const file of [...owned, 'service.yml', 'package.json']) {
      expect(rerun[`apps/orders/${file}`]).toBe(edited[`apps/orders/${file}`]);
    }
    await serviceGenerator(tree, { name: 'orders', consumes: ['users'], skipFormat: true });
    expect(treeFiles(tree)).toEqual(rerun);
  });

  it('does not bring back the example when it runs again after a person has replaced it', async () => {
    await serviceGenerator(tree, { name: 'stock', datastores: ['postgres'] });
    const example = [
      'src/routes/items.ts',
      'src/item-store.ts',
      'migrations/0001-create-items.sql',
    ];
    for (const file of example) tree.delete(`apps/stock/${file}`);
    tree.write('apps/stock/migrations/0001-create-stock.sql', '-- ours\n');
    const edited = treeFiles(tree);
    await serviceGenerator(tree, { name: 'stock', datastores: ['postgres'], skipFormat: true });
    expect(treeFiles(tree)).toEqual(edited);
  });

  it('writes the same with and without a formatter, but for the layout of derived modules', async () => {
    const formatted = createTreeWithEmptyWorkspace({ formatter: 'prettier' });
    for (const each of [tree, formatted]) {
      updateJson(each, 'package.json', (json: object) => ({ ...json, name: '@acme/source' }));
      await serviceGenerator(each, { name: 'order-items' });
      await serviceGenerator(each, { name: 'mailer', kind: 'worker', consumes: ['order-items'] });
      await serviceGenerator(each, { name: 'bills', datastores: 'postgres, redis', auth: 'jwt' });
      await serviceGenerator(each, { name: 'notes', datastores: 'mysql, rate-limit=redis' });
      await serviceGenerator(each, { name: 'shop', datastores: 'postgres', broker: 'rabbitmq' });
      await serviceGenerator(each, {
        name: 'web',
        broker: 'rabbitmq',
        framework: 'express',
        datastores: 'postgres',
      });
      await serviceGenerator(each, { name: 'site', framework: 'express', auth: 'jwt' });
      await serviceGenerator(each, { name: 'traced', tracing: true });
    }
    expect(await formattedModules(treeFiles(tree, 'apps'))).toEqual(treeFiles(formatted, 'apps'));
  });

  it('keeps the port of the manifest', async () => {
    await serviceGenerator(tree, { name: 'orders', port: 4000 });
    await serviceGenerator(tree, { name: 'orders' });
    expect(readTreePlatform(tree).services).toMatchObject([{ name: 'orders', port: 4000 }]);
  });

  it.each<[ServiceSchema, string]>([
    [{ name: 'Order Items' }, 'for example "order-items"'],
    [{ name: 'library' }, 'There is already a project "library" in libs/library'],
    [{ name: 'users', directory: 'apps/other' }, 'already a project "users" in apps/users'],
    [{ name: 'orders', directory: 'apps/users' }, 'apps/users is already the project "users"'],
    [{ name: 'orders', directory: 'apps/full' }, 'apps/full already exists and is not empty'],
    [
      { name: 'orders', port: 3001 },
      'Port 3001 is already used by "users"; the next free one is 3002',
    ],
    [{ name: 'orders', port: 80 }, '80 is not a port between 1024 and 65535'],
    [{ name: 'orders', consumes: ['user'] }, 'did you mean "users"?'],
    [{ name: 'orders', consumes: ['orders'] }, '"orders" cannot consume itself'],
    [{ name: 'orders', datastores: ['postgress'] }, 'did you mean "postgres"?'],
    [{ name: 'orders', routes: 'orders' }, 'a route starts with "/"'],
    [{ name: 'orders', routes: '/health' }, '"/health" is reserved'],
    [{ name: 'orders', kind: 'worker', routes: '/api' }, 'A worker takes no calls'],
    [{ name: 'orders', kind: 'gateway', routes: '/api' }, 'give --routes to those'],
    [{ name: 'orders', kind: 'gateway', framework: 'express' }, 'leave out --framework=express'],
    [{ name: 'orders', openapi: true, framework: 'express' }, 'leave out --openapi or'],
    [{ name: 'orders', directory: '../orders' }, 'not a folder below the workspace root'],
    [{ name: 'apps/orders', directory: 'apps/x' }, 'leave out --directory'],
    [{ name: 'node_modules/orders' }, 'Nx does not look into node_modules'],
    [{ name: 'dist/orders' }, 'dist/orders is ignored by .gitignore, so Nx would not see'],
    [{ name: 'sketches/orders' }, 'sketches/orders is ignored by .nxignore'],
    [{ name: 'localhost' }, 'every container calls itself by that name'],
    [{ name: 'constructor' }, 'Nx takes it for a second project'],
  ])('refuses %o, and writes nothing', async (schema, message) => {
    await serviceGenerator(tree, { name: 'users' });
    addProjectConfiguration(tree, 'library', { root: 'libs/library' });
    tree.write('apps/full/notes.txt', 'ours');
    tree.write('.gitignore', '/dist\n');
    tree.write('.nxignore', 'sketches/*\n');
    const before = treeFiles(tree);
    await expect(serviceGenerator(tree, schema)).rejects.toThrow(message);
    expect(treeFiles(tree)).toEqual(before);
  });

  it('says every reason at once', async () => {
    await serviceGenerator(tree, { name: 'users' });
    const wrong = { name: 'Orders', port: 3001, consumes: ['user'] };
    await expect(serviceGenerator(tree, wrong)).rejects.toThrow(/"Orders".*\n.*3001.*\n.*"user"/);
  });
});
