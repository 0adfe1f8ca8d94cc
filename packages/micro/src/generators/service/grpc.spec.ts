import { readJson, type Tree } from '@nx/devkit';
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { treeFiles } from '../../testing/tree-files';
import { connectGenerator } from '../connect/generator';
import { syncWorkspace } from '../sync/sync-workspace';
import { GRPC_VERSIONS } from '../versions';
import { serviceGenerator } from './generator';

const LIBRARY = 'packages/order-items-proto';
const PACKAGES = Object.keys(GRPC_VERSIONS);

interface PackageJson {
  dependencies: Record<string, string>;
  devDependencies?: Record<string, string>;
}

describe('a service that speaks gRPC', () => {
  let tree: Tree;

  beforeEach(async () => {
    tree = createTreeWithEmptyWorkspace({ formatter: 'none' });
    await serviceGenerator(tree, { name: 'order-items', grpc: true, auth: 'service-keys' });
  });

  it('has a port of its own, a contract in a library and handlers of its methods', () => {
    const files = treeFiles(tree);
    expect(files['apps/order-items/service.yml']).toContain('port: 3001\ngrpcPort: 3002\n');
    expect(files['apps/order-items/compose.yaml']).toContain("GRPC_PORT: '3002'");
    expect(files['apps/order-items/.serve.env']).toContain('GRPC_PORT=3002\n');
    expect(files['apps/order-items/src/config.ts']).toContain('...grpcVariables,');
    expect(files['apps/order-items/src/app.ts']).toContain(
      'router.service(OrderItemsService, handlers);',
    );
    expect(files['apps/order-items/src/app.ts']).toContain(
      "keys: callerKeys(config),\n      development: config.NODE_ENV === 'development',",
    );
    const proto = files[`${LIBRARY}/proto/order_items/v1/order_items.proto`];
    expect(proto).toContain('package order_items.v1;');
    expect(proto).toContain('service OrderItemsService {');
    expect(files[`${LIBRARY}/src/index.ts`]).toBe(
      "export * from './gen/order_items/v1/order_items_pb.js';\n",
    );
    const { dependencies } = readJson<PackageJson>(tree, 'apps/order-items/package.json');
    expect(dependencies).toMatchObject(GRPC_VERSIONS);
    expect(dependencies['@proj/order-items-proto']).toBe('*');
  });

  it('leaves nothing of gRPC in a service without it', async () => {
    await serviceGenerator(tree, { name: 'users' });
    const { dependencies } = readJson<PackageJson>(tree, 'apps/users/package.json');
    expect(PACKAGES.filter((name) => name in dependencies)).toEqual([]);
    const texts = Object.entries(treeFiles(tree, 'apps/users')).filter(([, text]) =>
      /grpc/i.test(text),
    );
    expect(texts).toEqual([]);
  });

  it('generates code before its users are checked', () => {
    const { targetDefaults } = readJson<{ targetDefaults: object }>(tree, 'nx.json');
    const dependsOn = ['proto-generate', '^proto-generate'];
    expect(targetDefaults).toMatchObject({
      lint: { dependsOn },
      test: { dependsOn },
      typecheck: { cache: true, dependsOn },
    });
  });

  it('changes nothing when it runs again after a person has edited the files', async () => {
    tree.write(`${LIBRARY}/proto/order_items/v1/order_items.proto`, '// ours\n');
    tree.write('apps/order-items/src/grpc/handlers.ts', '// ours\n');
    const edited = treeFiles(tree);
    await serviceGenerator(tree, { name: 'order-items', grpc: true });
    expect(treeFiles(tree)).toEqual(edited);
  });

  it('is called by a typed client, with the key of the link', async () => {
    await serviceGenerator(tree, { name: 'orders' });
    const options = { consumer: 'orders', provider: 'order-items', grpc: true };
    await connectGenerator(tree, options);
    const client = tree.read('apps/orders/src/clients/order-items-grpc.ts', 'utf8');
    expect(client).toContain('export function orderItemsGrpcClient(');
    expect(client).toContain('url: config.MICROSERVICE_ORDER_ITEMS_GRPC_URL,');
    expect(client).toContain('serviceKey: config.MICROSERVICE_ORDER_ITEMS_KEY,');
    expect(tree.exists('apps/orders/src/clients/order-items.ts')).toBe(false);
    expect(tree.read('apps/orders/src/links.ts', 'utf8')).toContain(
      'MICROSERVICE_ORDER_ITEMS_GRPC_URL: z.url(),',
    );
    expect(tree.read('apps/orders/compose.yaml', 'utf8')).toContain(
      'MICROSERVICE_ORDER_ITEMS_GRPC_URL: http://order-items:3002',
    );
    const { dependencies } = readJson<PackageJson>(tree, 'apps/orders/package.json');
    expect(dependencies).toMatchObject({ ...GRPC_VERSIONS, '@proj/order-items-proto': '*' });
    expect(syncWorkspace(tree)).toEqual([]);
    const before = treeFiles(tree);
    await connectGenerator(tree, options);
    await serviceGenerator(tree, { name: 'orders' });
    expect(treeFiles(tree)).toEqual(before);
    await connectGenerator(tree, { ...options, grpc: false });
    expect(tree.exists('apps/orders/src/clients/order-items.ts')).toBe(true);
  });

  it('gets the next free port, which no later service gets', async () => {
    await serviceGenerator(tree, { name: 'users', port: 3004 });
    await serviceGenerator(tree, { name: 'stock', grpc: true });
    expect(tree.read('apps/stock/service.yml', 'utf8')).toContain('port: 3003\ngrpcPort: 3005\n');
  });
});

describe('gRPC is refused, and nothing is written', () => {
  it.each([
    [{ kind: 'worker' as const }, 'A worker takes no calls: leave out --grpc'],
    [{ kind: 'gateway' as const }, 'A gateway passes on HTTP'],
    [{ auth: 'jwt' as const }, 'use --auth=service-keys with --grpc'],
  ])('%j', async (options, message) => {
    const tree = createTreeWithEmptyWorkspace({ formatter: 'none' });
    const before = treeFiles(tree);
    const made = serviceGenerator(tree, { name: 'stock', grpc: true, ...options });
    await expect(made).rejects.toThrow(message);
    expect(treeFiles(tree)).toEqual(before);
  });

  it('by connect, if the provider does not speak it', async () => {
    const tree = createTreeWithEmptyWorkspace({ formatter: 'none' });
    await serviceGenerator(tree, { name: 'users' });
    await serviceGenerator(tree, { name: 'orders' });
    const before = treeFiles(tree);
    await expect(
      connectGenerator(tree, { consumer: 'orders', provider: 'users', grpc: true }),
    ).rejects.toThrow('"users" does not speak gRPC: apps/users/service.yml has no "grpcPort"');
    expect(treeFiles(tree)).toEqual(before);
  });

  it('by connect, with the command that makes it, if the contract is missing', async () => {
    const tree = createTreeWithEmptyWorkspace({ formatter: 'none' });
    await serviceGenerator(tree, { name: 'stock', grpc: true });
    await serviceGenerator(tree, { name: 'orders' });
    tree.delete('packages/stock-proto/package.json');
    const before = treeFiles(tree);
    await expect(
      connectGenerator(tree, { consumer: 'orders', provider: 'stock', grpc: true }),
    ).rejects.toThrow('create it by "npx nx g @org/micro:service stock --grpc"');
    expect(treeFiles(tree)).toEqual(before);
  });
});
