import { addProjectConfiguration, readJson, writeJson, type Tree } from '@nx/devkit';
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { treeFiles } from '../../testing/tree-files';
import { CLIENT_VERSIONS } from '../versions';
import { syncWorkspace } from '../sync/sync-workspace';
import { serviceGenerator } from '../service/generator';
import { connectGenerator } from './generator';

describe('connect', () => {
  let tree: Tree;

  beforeEach(async () => {
    tree = createTreeWithEmptyWorkspace({ formatter: 'none' });
    await serviceGenerator(tree, { name: 'users' });
    await serviceGenerator(tree, { name: 'order-items', kind: 'worker' });
  });

  it('declares the link and creates a client once', async () => {
    const before = treeFiles(tree);
    await connectGenerator(tree, { consumer: 'users', provider: 'order-items' });
    const after = treeFiles(tree);
    expect(after['apps/users/service.yml']).toContain('port: 3001\nconsumes: [order-items]\n');
    const client = after['apps/users/src/clients/order-items.ts'];
    expect(client).toContain('config.MICROSERVICE_ORDER_ITEMS_URL');
    expect(client).toContain('export function orderItemsClient(');
    expect(after['apps/users/src/links.ts']).toContain('MICROSERVICE_ORDER_ITEMS_URL');
    for (const [file, text] of Object.entries(before)) {
      if (file.startsWith('apps/order-items/')) expect(after[file], file).toBe(text);
    }
  });

  it('changes nothing when it runs again after a person has edited the files', async () => {
    await connectGenerator(tree, { consumer: 'users', provider: 'order-items' });
    const manifest = tree.read('apps/users/service.yml', 'utf8') ?? '';
    tree.write('apps/users/service.yml', `# ours\n${manifest}replicas: 2 # two\n`);
    tree.write('apps/users/src/clients/order-items.ts', '// ours\n');
    await connectGenerator(tree, { consumer: 'users', provider: 'order-items' });
    const edited = treeFiles(tree);
    expect(edited['apps/users/service.yml']).toBe(`# ours\n${manifest}replicas: 2 # two\n`);
    expect(edited['apps/users/src/clients/order-items.ts']).toBe('// ours\n');
    await connectGenerator(tree, { consumer: 'users', provider: 'order-items' });
    expect(treeFiles(tree)).toEqual(edited);
  });

  it('adds the package that the client imports, if the consumer does not have it', async () => {
    addProjectConfiguration(tree, 'billing', { root: 'apps/billing' });
    tree.write('apps/billing/service.yml', 'port: 3009\n');
    const own = { name: 'billing', dependencies: { zod: '4.0.0' } };
    writeJson(tree, 'apps/billing/package.json', own);
    await connectGenerator(tree, { consumer: 'billing', provider: 'users' });
    expect(readJson(tree, 'apps/billing/package.json')).toEqual({
      name: 'billing',
      dependencies: { '@org/chassis': CLIENT_VERSIONS['@org/chassis'], zod: '4.0.0' },
    });
    const before = treeFiles(tree);
    await connectGenerator(tree, { consumer: 'billing', provider: 'users', skipFormat: true });
    expect(treeFiles(tree)).toEqual(before);
  });

  it('makes no client in a gateway, which passes calls on', async () => {
    await serviceGenerator(tree, { name: 'gateway', kind: 'gateway', consumes: 'users' });
    await connectGenerator(tree, { consumer: 'gateway', provider: 'order-items' });
    expect(tree.read('apps/gateway/service.yml', 'utf8')).toContain(
      'consumes: [users, order-items]\n',
    );
    expect(tree.exists('apps/gateway/src/clients')).toBe(false);
    expect(tree.read('apps/gateway/src/links.ts', 'utf8')).toContain(
      'MICROSERVICE_ORDER_ITEMS_URL',
    );
  });

  it('makes a client in a gateway whose code is its own', async () => {
    await serviceGenerator(tree, { name: 'gateway', kind: 'gateway' });
    tree.write('apps/gateway/src/app.ts', 'export {};\n');
    await connectGenerator(tree, { consumer: 'gateway', provider: 'users' });
    expect(tree.exists('apps/gateway/src/clients/users.ts')).toBe(true);
  });

  it('leaves nothing for nx sync to do, also after Prettier', async () => {
    const formatted = createTreeWithEmptyWorkspace({ formatter: 'prettier' });
    await serviceGenerator(formatted, { name: 'users' });
    await serviceGenerator(formatted, { name: 'gateway', kind: 'gateway', consumes: 'users' });
    await serviceGenerator(formatted, { name: 'mailer', kind: 'worker' });
    await connectGenerator(formatted, { consumer: 'gateway', provider: 'mailer' });
    expect(syncWorkspace(formatted)).toEqual([]);
  });

  it.each([
    ['user', 'order-items', '"user" is not a service of this platform; did you mean "users"?'],
    ['users', 'billing', '"billing" is not a service of this platform'],
    ['users', 'users', '"users" cannot consume itself: name two services'],
    ['a', 'b', '"b" is not a service of this platform'],
  ])('refuses %s -> %s, and writes nothing', async (consumer, provider, message) => {
    const before = treeFiles(tree);
    await expect(connectGenerator(tree, { consumer, provider })).rejects.toThrow(message);
    expect(treeFiles(tree)).toEqual(before);
  });
});
