import type { CreateNodesContext } from '@nx/devkit';
import { globSync } from 'tinyglobby';
import { describe, expect, it, vi } from 'vitest';
import { temporaryWorkspace } from '../testing/temporary-workspace';
import { createNodes, createNodesV2, type MicroPluginOptions } from './plugin';

const files = {
  'environments/development.yml': 'engine: compose\n',
  'environments/production.yml': '',
  'environments/production.compose.yaml': '',
  'apps/orders/service.yml': 'port: 3001\n',
  'apps/orders/package.json': '{}',
  'apps/users/service.yml': 'port: 3002\n',
  'apps/users/project.json': '{}',
};

const nodesOf = async (given: Record<string, string>, options?: MicroPluginOptions) => {
  const workspaceRoot = temporaryWorkspace(given);
  const [glob, create] = createNodes;
  const manifests = globSync(glob, { cwd: workspaceRoot }).sort();
  const context = { workspaceRoot, nxJsonConfiguration: {} } as CreateNodesContext;
  const nodes = await create(manifests, options, context);
  return Object.assign({}, ...nodes.map(([, { projects }]) => projects)) as Record<
    string,
    { targets: Record<string, { configurations?: object }> }
  >;
};

describe('createNodes', () => {
  it('goes by both of its names', () => {
    expect(createNodesV2).toBe(createNodes);
  });

  it('makes a service of every project with a manifest', async () => {
    const nodes = await nodesOf(files);
    expect(Object.keys(nodes)).toEqual(['apps/orders', 'apps/users']);
    expect(nodes['apps/orders']!.targets['docker-push']!.configurations).toEqual({
      development: { environment: 'development' },
      production: { environment: 'production' },
    });
  });

  it('infers the same from the same files, whatever the time, the folder and the variables', async () => {
    const first = await nodesOf(files);
    vi.stubEnv('DOCKER_HOST', 'tcp://elsewhere');
    vi.stubEnv('CI', 'true');
    vi.setSystemTime('2030-01-01');
    const second = await nodesOf(files);
    vi.useRealTimers();
    vi.unstubAllEnvs();
    expect(second).toEqual(first);
  });

  it.each([
    ['a Dockerfile and no project', { 'stray/Dockerfile': 'FROM node\n' }],
    ['a manifest and no project', { 'stray/service.yml': 'port: 1\n' }],
    ['a manifest at the root', { 'service.yml': 'port: 1\n', 'package.json': '{}' }],
  ])('passes over a folder with %s', async (_, more) => {
    expect(await nodesOf({ ...files, ...more })).toEqual(await nodesOf(files));
  });

  it.each(['{ not yaml', 'port: three\n', ''])(
    'is not broken by a manifest that says %j',
    async (text) => {
      expect(await nodesOf({ ...files, 'apps/orders/service.yml': text })).toEqual(
        await nodesOf(files),
      );
    },
  );

  it('takes other names for its targets', async () => {
    const nodes = await nodesOf(files, { targetNames: { build: 'bundle' } });
    expect(Object.keys(nodes['apps/users']!.targets)).toContain('bundle');
  });
});
