import { readJson, type Tree } from '@nx/devkit';
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { bundleServices, startBundle } from '../../testing/bundled-service';
import { treeFiles } from '../../testing/tree-files';
import { connectGenerator } from '../connect/generator';
import { gatewayGenerator } from '../gateway/generator';
import { syncWorkspace } from '../sync/sync-workspace';
import {
  COMPOSITION_VERSIONS,
  GRAPHQL_GATEWAY_VERSIONS,
  QUERY_PAGE_VERSIONS,
  SUBGRAPH_VERSIONS,
} from '../versions';
import { serviceGenerator } from './generator';

interface PackageJson {
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  nx: { targets?: unknown };
}

const SUBGRAPHS = 'apps/gateway/subgraphs.json';

describe('GraphQL', () => {
  let tree: Tree;

  beforeEach(async () => {
    tree = createTreeWithEmptyWorkspace({ formatter: 'none' });
    await serviceGenerator(tree, { name: 'order-items', graphql: true, auth: 'service-keys' });
    await serviceGenerator(tree, { name: 'users' });
  });

  const packageOf = (name: string) => readJson<PackageJson>(tree, `apps/${name}/package.json`);
  const text = (path: string) => tree.read(path, 'utf8');

  it('has a schema of its own in each subgraph, and what answers it', () => {
    expect(text('apps/order-items/service.yml')).toContain('port: 3001\ngraphql: true\n');
    expect(text('apps/order-items/src/schema.graphql')).toContain(
      'orderItemsItem(id: ID!): OrderItemsItem',
    );
    expect(text('apps/order-items/src/resolvers.ts')).toContain('OrderItemsItem: {');
    expect(text('apps/order-items/src/app.ts')).toContain('subgraph({');
    const { dependencies, devDependencies } = packageOf('order-items');
    expect(dependencies).toMatchObject(SUBGRAPH_VERSIONS);
    expect(devDependencies).toMatchObject(QUERY_PAGE_VERSIONS);
    expect(tree.exists('apps/order-items/src/persisted-operations.json')).toBe(false);
  });

  it('has a page to try queries, but in no image', async () => {
    await serviceGenerator(tree, { name: 'catalog', graphql: true });
    const root = await bundleServices(tree, ['catalog']);
    const bundle = readFileSync(join(root, 'dist/apps/catalog/app/main.js'), 'utf8');
    expect(bundle).not.toContain('AltairGraphQL');
    const production = await startBundle(root, 'catalog');
    expect((await fetch(`${production.url}/graphql`)).status).toBe(404);
    expect((await fetch(`${production.url}/graphql/page/main.js`)).status).toBe(404);
    // Without the package, it says what is missing.
    const development = await startBundle(root, 'catalog', { NODE_ENV: 'development' });
    const page = await fetch(`${development.url}/graphql`);
    expect(page.status).toBe(501);
    expect(await page.text()).toContain('Add <code>altair-static</code> to the devDependencies');
  });

  it('leaves nothing in a service without it', () => {
    const known = Object.keys({ ...SUBGRAPH_VERSIONS, ...GRAPHQL_GATEWAY_VERSIONS });
    const { dependencies } = packageOf('users');
    expect(known.filter((name) => name in dependencies)).toEqual([]);
    const texts = Object.entries(treeFiles(tree, 'apps/users')).filter(([, one]) =>
      /graphql/i.test(one),
    );
    expect(texts).toEqual([]);
  });

  it('is answered by a gateway from all subgraphs, with the keys of their links', async () => {
    await gatewayGenerator(tree, { name: 'gateway', graphql: true });
    expect(text('apps/gateway/service.yml')).toContain('graphql: true\nconsumes: [order-items]\n');
    expect(readJson(tree, SUBGRAPHS)).toEqual({
      subgraphs: [{ name: 'order-items', schema: 'apps/order-items/src/schema.graphql' }],
    });
    const subgraphs = text('apps/gateway/src/subgraphs.ts');
    expect(subgraphs).toContain('url: config.MICROSERVICE_ORDER_ITEMS_URL,');
    expect(subgraphs).toContain('serviceKey: config.MICROSERVICE_ORDER_ITEMS_KEY,');
    expect(text('apps/gateway/src/app.ts')).toContain('graphqlGateway({');
    const { dependencies, devDependencies, nx } = packageOf('gateway');
    expect(dependencies).toMatchObject(GRAPHQL_GATEWAY_VERSIONS);
    expect(dependencies).not.toHaveProperty('@graphql-tools/schema');
    expect(devDependencies).toMatchObject({ ...COMPOSITION_VERSIONS, ...QUERY_PAGE_VERSIONS });
    expect(nx.targets).toEqual({
      test: { dependsOn: ['graphql-compose', '^proto-generate'] },
    });
    expect(syncWorkspace(tree)).toEqual([]);
  });

  it('has another subgraph as soon as the gateway consumes it', async () => {
    await gatewayGenerator(tree, { name: 'gateway', graphql: true });
    await serviceGenerator(tree, { name: 'catalog', graphql: true });
    await connectGenerator(tree, { consumer: 'gateway', provider: 'catalog' });
    await connectGenerator(tree, { consumer: 'gateway', provider: 'users' });
    const { subgraphs } = readJson<{ subgraphs: { name: string }[] }>(tree, SUBGRAPHS);
    expect(subgraphs.map(({ name }) => name)).toEqual(['catalog', 'order-items']);
    tree.write(
      SUBGRAPHS,
      '{ "subgraphs": [{ "name": "old", "schema": "apps/old/src/schema.graphql" }] }',
    );
    const drifted = syncWorkspace(tree).map(({ path, drift }) => [path, ...drift]);
    expect(drifted).toEqual([
      [
        SUBGRAPHS,
        'apps/old/src/schema.graphql is not in the manifest',
        'apps/catalog/src/schema.graphql is missing',
        'apps/order-items/src/schema.graphql is missing',
      ],
    ]);
  });

  it('changes nothing when it runs again after a person has edited the files', async () => {
    await gatewayGenerator(tree, { name: 'gateway', graphql: true });
    tree.write('apps/order-items/src/schema.graphql', '# ours\n');
    tree.write('apps/order-items/src/resolvers.ts', '// ours\n');
    tree.write('apps/gateway/src/persisted-operations.json', '{ "ours": "" }\n');
    const edited = treeFiles(tree);
    await serviceGenerator(tree, { name: 'order-items', graphql: true });
    await gatewayGenerator(tree, { name: 'gateway', graphql: true });
    expect(treeFiles(tree)).toEqual(edited);
  });
});

describe('GraphQL is refused, and nothing is written', () => {
  it.each([
    [{ kind: 'worker' as const }, 'A worker takes no calls: leave out --graphql'],
    [{ framework: 'express' as const }, 'leave out --graphql or --framework=express'],
    [{ kind: 'gateway' as const }, 'A gateway answers GraphQL from subgraphs: create one by'],
  ])('%j', async (options, message) => {
    const tree = createTreeWithEmptyWorkspace({ formatter: 'none' });
    const before = treeFiles(tree);
    const made = serviceGenerator(tree, { name: 'stock', graphql: true, ...options });
    await expect(made).rejects.toThrow(message);
    expect(treeFiles(tree)).toEqual(before);
  });
});
