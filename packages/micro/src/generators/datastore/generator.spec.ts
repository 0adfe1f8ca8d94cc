import { readJson, updateJson, type Tree } from '@nx/devkit';
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { treeFiles } from '../../testing/tree-files';
import { serviceGenerator } from '../service/generator';
import { datastoreGenerator } from './generator';

describe('datastore', () => {
  let tree: Tree;

  beforeEach(async () => {
    tree = createTreeWithEmptyWorkspace({ formatter: 'none' });
    updateJson(tree, 'package.json', (json: object) => ({ ...json, name: '@acme/source' }));
    await serviceGenerator(tree, { name: 'orders', skipFormat: true });
  });

  const text = (path: string) => tree.read(path, 'utf8') ?? '';
  const add = (datastores: string) =>
    datastoreGenerator(tree, { service: 'orders', datastores, skipFormat: true });

  it('adds it to the manifest and to all that is derived', async () => {
    const manifest = text('apps/orders/service.yml');
    tree.write('apps/orders/service.yml', `${manifest}replicas: 2 # ours\n`);
    await add('postgres,redis');
    expect(text('apps/orders/service.yml')).toBe(
      `${manifest}replicas: 2 # ours\ndatastores:\n  database: postgres\n  cache: redis\n`,
    );
    const json = readJson<{ dependencies: object; devDependencies: object }>(
      tree,
      'apps/orders/package.json',
    );
    expect(json.dependencies).toMatchObject({ pg: '^8.23.1', ioredis: '^5.9.3' });
    expect(json.devDependencies).toEqual({ '@types/pg': '^8.15.0' });
    expect(text('apps/orders/compose.yaml')).toContain('orders-database:');
    expect(text('apps/orders/src/resources.ts')).toContain(
      'database: postgres(config.DATABASE_URL)',
    );
    // Nothing to migrate with yet.
    expect(text('apps/orders/compose.yaml')).not.toContain('orders-migrate');
    expect(text('apps/orders/src/resources.ts')).toContain('commands = {};');
  });

  it('has the first migration run before the service', async () => {
    await add('postgres');
    tree.write('apps/orders/migrations/0001-create-orders.sql', 'CREATE TABLE orders (id int);\n');
    await add('postgres');
    expect(text('apps/orders/src/resources.ts')).toContain('migrate: command(');
    expect(text('apps/orders/compose.yaml')).toContain('  orders-migrate:\n');
    tree.delete('apps/orders/migrations/0001-create-orders.sql');
    await add('postgres');
    expect(text('apps/orders/compose.yaml')).not.toContain('orders-migrate');
  });

  it('changes nothing when it runs again after a person has edited the files', async () => {
    await add('postgres');
    for (const file of ['src/app.ts', 'service.yml', 'package.json', 'compose.yaml']) {
      tree.write(`apps/orders/${file}`, `${text(`apps/orders/${file}`)}\n`);
    }
    const before = treeFiles(tree);
    await add('postgres');
    expect(treeFiles(tree)).toEqual(before);
  });

  it.each([
    ['order', 'postgres', '"order" is not a service of this platform; did you mean "orders"?'],
    ['orders', 'postgress', '"postgress" is not a datastore; did you mean "postgres"?'],
    ['orders', '', 'Name at least one datastore, such as --datastores=postgres'],
    ['orders', 'mysql', '"orders" has postgres as its database: to change it, edit'],
  ])('refuses %s %s, and writes nothing', async (service, datastores, message) => {
    await add('postgres');
    const before = treeFiles(tree);
    await expect(datastoreGenerator(tree, { service, datastores })).rejects.toThrow(message);
    expect(treeFiles(tree)).toEqual(before);
  });
});
