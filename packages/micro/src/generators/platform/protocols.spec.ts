import { logger, readJson, type Tree } from '@nx/devkit';
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi, type MockInstance } from 'vitest';
import { treeFiles } from '../../testing/tree-files';
import { connectGenerator } from '../connect/generator';
import { gatewayGenerator } from '../gateway/generator';
import { serviceGenerator } from '../service/generator';
import { syncWorkspace } from '../sync/sync-workspace';
import { readTreePlatform } from '../workspace-tree';
import { platformGenerator } from './generator';

const STOCK = `services:
  orders: { consumes: [{ service: stock, grpc: true }, users] }
  stock: { grpc: true, auth: service-keys }
  users:
`;

const SHOP_FRONT = `services:
  front: { kind: gateway, graphql: true }
  catalog: { graphql: true }
  reviews: { graphql: true, auth: service-keys }
  users:
`;

describe('a description with', () => {
  let tree: Tree;
  let info: MockInstance<typeof logger.info>;

  beforeEach(() => {
    tree = createTreeWithEmptyWorkspace({ formatter: 'none' });
    info = vi.spyOn(logger, 'info').mockReturnValue();
    vi.spyOn(logger, 'warn').mockReturnValue();
  });

  afterEach(() => vi.restoreAllMocks());

  const generate = (description: string) => {
    tree.write('platform.yml', description);
    return platformGenerator(tree, { skipFormat: true });
  };
  const said = () => String(info.mock.lastCall?.[0]);
  const manifestOf = (name: string) => tree.read(`apps/${name}/service.yml`, 'utf8');
  /** All files, but for the description and passwords, which are random. */
  const filesOf = (of: Tree) =>
    Object.fromEntries(
      Object.entries(treeFiles(of)).filter(([file]) => !/(^|\/)(\.env|platform\.yml)$/.test(file)),
    );

  it('every key, as in the documentation, can be made', async () => {
    const example = join(__dirname, '../../../../../docs/platform.example.yml');
    await generate(readFileSync(example, 'utf8'));
    expect(manifestOf('shop-front')).toContain('graphql: true\nconsumes: [catalog]\n');
    expect(tree.exists('apps/shop/orders/src/clients/inventory-grpc.ts')).toBe(true);
    expect(syncWorkspace(tree)).toEqual([]);
  });

  describe('gRPC', () => {
    it('makes what "service --grpc" and "connect --grpc" make one by one', async () => {
      await generate(STOCK);
      const alone = createTreeWithEmptyWorkspace({ formatter: 'none' });
      const plain = { skipFormat: true };
      await serviceGenerator(alone, { name: 'users', port: 3004, ...plain });
      await serviceGenerator(alone, { name: 'orders', port: 3001, consumes: 'users', ...plain });
      const stock = { name: 'stock', grpc: true, auth: 'service-keys' as const };
      await serviceGenerator(alone, { ...stock, port: 3002, ...plain });
      const link = { consumer: 'orders', provider: 'stock', grpc: true };
      await connectGenerator(alone, { ...link, ...plain });
      expect(filesOf(tree)).toEqual(filesOf(alone));
      expect(manifestOf('stock')).toContain('port: 3002\ngrpcPort: 3003\n');
      expect(tree.exists('apps/orders/src/clients/stock-grpc.ts')).toBe(true);
      expect(tree.exists('apps/orders/src/clients/stock.ts')).toBe(false);
      expect(syncWorkspace(tree)).toEqual([]);
    });

    it('changes nothing when it runs again after a person has edited the files', async () => {
      await generate(STOCK);
      tree.write('apps/orders/src/clients/stock-grpc.ts', '// ours\n');
      tree.write('packages/stock-proto/proto/stock/v1/stock.proto', '// ours\n');
      const before = treeFiles(tree);
      await generate(STOCK);
      expect(treeFiles(tree)).toEqual(before);
      tree.delete('apps/orders/src/clients/stock-grpc.ts');
      const moved = treeFiles(tree);
      await generate(STOCK);
      expect(treeFiles(tree)).toEqual(moved);
      expect(said()).toBe('platform.yml: 3 services\n  kept: orders, stock, users');
    });

    it('adds clients to services that are there', async () => {
      await generate(STOCK.replace('{ service: stock, grpc: true }', 'stock'));
      expect(tree.exists('apps/orders/src/clients/stock.ts')).toBe(true);
      await generate(
        `${STOCK.replace('users:', 'users: { consumes: [{ service: stock, grpc: true }] }')}`,
      );
      for (const consumer of ['orders', 'users']) {
        expect(tree.exists(`apps/${consumer}/src/clients/stock-grpc.ts`)).toBe(true);
        expect(
          readJson<{ dependencies: object }>(tree, `apps/${consumer}/package.json`).dependencies,
        ).toHaveProperty('@proj/stock-proto');
      }
      expect(tree.exists('apps/users/src/clients/stock.ts')).toBe(false);
      expect(manifestOf('users')).toContain('consumes: [stock]');
      expect(said().split('\n')).toEqual([
        'platform.yml: 3 services',
        '  changed:',
        '    orders: consumes stock over gRPC',
        '    users: consumes stock over gRPC',
        '  kept: stock',
      ]);
      expect(syncWorkspace(tree)).toEqual([]);
    });

    it('is refused where it cannot be, with the line, and writes nothing', async () => {
      await generate('services: { users: , stock: { grpc: true } }\n');
      const description = `services:
  mailer: { kind: worker, grpc: true }
  users: { grpc: true }
  stock: { grpc: false }
  orders:
    consumes:
      - { service: users, grpc: true }
      - { service: plain, grpc: true }
      - { service: stok, grpc: true }
  plain:
`;
      tree.write('platform.yml', description);
      const before = treeFiles(tree);
      const failure = await generate(description).catch((error: unknown) => error as Error);
      expect(String((failure as Error).message).split('\n')).toEqual([
        "6 problems in the platform's files:",
        '  platform.yml:2: A worker takes no calls: leave out --grpc',
        '  platform.yml:3: "users" does not speak gRPC, as apps/users/service.yml has no "grpcPort": leave out "grpc", or see docs/grpc.md, "A service that exists already"',
        '  platform.yml:4: "stock" speaks gRPC, as apps/stock/service.yml has a "grpcPort": change one of the two',
        expect.stringContaining(
          '  platform.yml:7: "users" does not speak gRPC: apps/users/service.yml has no "grpcPort"',
        ),
        '  platform.yml:8: "plain" is described without gRPC: give it "grpc: true", or leave "grpc" out here',
        '  platform.yml:9: "stok" is not a service of this platform; did you mean "stock"?',
      ]);
      expect(treeFiles(tree)).toEqual(before);
    });

    it('has a port that no other service is described with', async () => {
      await generate('services: { stock: { grpc: true }, users: { port: 3002 }, orders: }\n');
      expect(manifestOf('stock')).toContain('port: 3001\ngrpcPort: 3003\n');
      expect(manifestOf('orders')).toContain('port: 3004\n');
    });
  });

  describe('GraphQL', () => {
    it('makes what "service --graphql" and "gateway --graphql" make one by one', async () => {
      await generate(SHOP_FRONT);
      const alone = createTreeWithEmptyWorkspace({ formatter: 'none' });
      const plain = { skipFormat: true };
      const reviews = { name: 'reviews', graphql: true, auth: 'service-keys' as const };
      await serviceGenerator(alone, { name: 'catalog', port: 3002, graphql: true, ...plain });
      await serviceGenerator(alone, { ...reviews, port: 3003, ...plain });
      await serviceGenerator(alone, { name: 'users', port: 3004, ...plain });
      await gatewayGenerator(alone, { name: 'front', graphql: true, ...plain });
      expect(filesOf(tree)).toEqual(filesOf(alone));
      expect(manifestOf('front')).toContain('graphql: true\nconsumes: [catalog, reviews]\n');
      expect(syncWorkspace(tree)).toEqual([]);
      const before = treeFiles(tree);
      await generate(SHOP_FRONT);
      expect(treeFiles(tree)).toEqual(before);
      expect(said()).toBe('platform.yml: 4 services\n  kept: front, catalog, reviews, users');
    });

    it('has a new subgraph join the gateway that names no services', async () => {
      await serviceGenerator(tree, { name: 'stock', graphql: true, skipFormat: true });
      await generate(SHOP_FRONT);
      expect(manifestOf('front')).toContain('consumes: [stock, catalog, reviews]\n');
      await generate(`${SHOP_FRONT}  prices: { graphql: true }\n`);
      expect(said()).toContain('  changed: front: consumes prices\n');
      const { subgraphs } = readJson<{ subgraphs: { name: string }[] }>(
        tree,
        'apps/front/subgraphs.json',
      );
      expect(subgraphs.map(({ name }) => name)).toEqual(['catalog', 'prices', 'reviews', 'stock']);
      expect(syncWorkspace(tree)).toEqual([]);
    });

    it('is answered only from the subgraphs that the gateway names', async () => {
      await generate(SHOP_FRONT.replace('graphql: true }', 'graphql: true, consumes: [reviews] }'));
      const front = readTreePlatform(tree).services.find(({ name }) => name === 'front');
      expect(front).toMatchObject({ graphql: true, consumes: ['reviews'] });
    });

    it.each([
      [
        'services:\n  front: { kind: gateway, graphql: true }\n  users:\n',
        'platform.yml:2: A gateway answers GraphQL from subgraphs: create one by',
      ],
      [
        'services:\n  front: { kind: gateway, graphql: true, consumes: [users] }\n  users:\n  catalog: { graphql: true }\n',
        'platform.yml:2: A gateway answers GraphQL from subgraphs: create one by',
      ],
      [
        'services:\n  jobs: { kind: worker, graphql: true }\n',
        'platform.yml:2: A worker takes no calls: leave out --graphql',
      ],
      [
        'services:\n  there: { graphql: true }\n',
        'platform.yml:2: graphql of "there" is false in apps/there/service.yml: change one of the two',
      ],
    ])('is refused, and nothing is written: %j', async (description, problem) => {
      await serviceGenerator(tree, { name: 'there', skipFormat: true });
      tree.write('platform.yml', description);
      const before = treeFiles(tree);
      await expect(generate(description)).rejects.toThrow(problem);
      expect(treeFiles(tree)).toEqual(before);
    });

    it('says one thing if its only subgraph cannot be made', async () => {
      await expect(
        generate(
          'services:\n  front: { kind: gateway, graphql: true }\n  catalog: { graphql: true, framework: express }\n',
        ),
      ).rejects.toThrow(/^platform\.yml:3: GraphQL is answered by Fastify[^\n]*$/);
    });
  });
});
