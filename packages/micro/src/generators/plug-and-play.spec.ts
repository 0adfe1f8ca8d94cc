import { addProjectConfiguration, readJson, updateJson, type Tree } from '@nx/devkit';
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { treeFiles } from '../testing/tree-files';
import { ciGenerator } from './ci/generator';
import { eventGenerator } from './event/generator';
import { serviceGenerator } from './service/generator';
import { PROTO_VERSIONS, WORKSPACE_VERSIONS } from './versions';

describe("a workspace with Plug'n'Play", () => {
  let tree: Tree;

  beforeEach(() => {
    tree = createTreeWithEmptyWorkspace({ formatter: 'none' });
    updateJson(tree, 'package.json', (json: object) => ({
      ...json,
      name: '@acme/source',
      packageManager: 'yarn@4.18.1',
      devDependencies: { vitest: '^4.0.0' },
    }));
  });

  const toolsOf = (root: string) =>
    readJson<{ devDependencies?: Record<string, string> }>(tree, `${root}/package.json`)
      .devDependencies;

  it('has projects that declare what their tests and types come from, also generated again', async () => {
    await serviceGenerator(tree, { name: 'orders', grpc: true });
    await eventGenerator(tree, { name: 'order.placed', publisher: 'orders' });
    expect(toolsOf('apps/orders')).toEqual({
      '@types/node': WORKSPACE_VERSIONS['@types/node'],
      'pino-pretty': WORKSPACE_VERSIONS['pino-pretty'],
      vitest: '^4.0.0',
    });
    const types = { '@types/node': WORKSPACE_VERSIONS['@types/node'] };
    expect(toolsOf('packages/contracts')).toEqual(types);
    expect(toolsOf('packages/orders-proto')).toMatchObject(types);
    // What generates code is started by its name, and Yarn only knows programs of the root.
    expect(toolsOf('.')).toMatchObject(PROTO_VERSIONS);
    const before = treeFiles(tree);
    await serviceGenerator(tree, { name: 'orders', grpc: true });
    expect(treeFiles(tree)).toEqual(before);
  });

  it('has none of them in projects if packages are in node_modules', async () => {
    tree.write('.yarnrc.yml', 'nodeLinker: node-modules\n');
    await serviceGenerator(tree, { name: 'orders' });
    expect(toolsOf('apps/orders')).toBeUndefined();
  });

  it.each(['github', 'gitlab'] as const)(
    'has a pipeline of %s that runs Nx and micro by Yarn',
    async (provider) => {
      addProjectConfiguration(tree, 'gateway', { root: 'apps/gateway' });
      tree.write(
        'environments/staging.yml',
        'host: ssh://deploy@example.com\nregistry: ghcr.io/acme\n',
      );
      await ciGenerator(tree, { provider, plan: true });
      const file = provider === 'github' ? '.github/workflows/micro.yml' : '.gitlab-ci.yml';
      const text = tree.read(file, 'utf8')!;
      expect(text).not.toContain('npx');
      for (const command of ['sync:check', 'affected', 'run-many', 'compose-rollback']) {
        expect(text).toContain(`yarn nx ${command}`);
      }
      expect(text).toContain('yarn micro env --check');
    },
  );
});
