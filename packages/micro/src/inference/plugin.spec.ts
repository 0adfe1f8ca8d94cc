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
  it('exports both of its names', () => {
    expect(createNodesV2).toBe(createNodes);
  });

  it('makes a service of every project with a manifest', async () => {
    const nodes = await nodesOf(files);
    expect(Object.keys(nodes)).toEqual(['apps/orders', 'apps/users', 'environments']);
    expect(nodes['apps/orders']!.targets['docker-push']!.configurations).toEqual({
      development: { environment: 'development' },
      production: { environment: 'production' },
    });
  });

  it('pushes before a deploy with Compose as soon as an environment has a registry', async () => {
    const needs = async (given: Record<string, string>) =>
      (await nodesOf({ ...files, ...given }))['apps/orders']!.targets['compose-deploy'];
    expect(await needs({})).toMatchObject({ dependsOn: ['docker-build'] });
    const registry = 'registry: registry.example.com\n';
    expect(await needs({ 'environments/production.yml': registry })).toMatchObject({
      dependsOn: ['docker-push'],
    });
  });

  it('gives a service with src/lambda.ts the target that builds its function', async () => {
    const nodes = await nodesOf({ ...files, 'apps/orders/src/lambda.ts': '' });
    const hasTarget = (root: string) => 'lambda-build' in nodes[root]!.targets;
    expect([hasTarget('apps/orders'), hasTarget('apps/users')]).toEqual([true, false]);
  });

  it('gives a library with gRPC contracts the targets to generate code and to compare them', async () => {
    const nodes = await nodesOf({
      ...files,
      'packages/orders-proto/buf.gen.yaml': 'version: v2\n',
      'packages/orders-proto/package.json':
        '{"devDependencies":{"@bufbuild/buf":"1","@bufbuild/protoc-gen-es":"2"}}',
      // Generated in another way: Nx would run nothing if a target named packages that are not installed.
      'packages/other/buf.gen.yaml': 'version: v2\n',
      'packages/other/package.json': '{"devDependencies":{"@bufbuild/buf":"1"}}',
      'packages/stray/buf.gen.yaml': 'version: v2\n',
    });
    for (const other of ['stray', 'other']) expect(nodes[`packages/${other}`]).toBeUndefined();
    expect(nodes['packages/orders-proto']!.targets).toMatchObject({
      'proto-generate': {
        executor: 'nx:run-commands',
        cache: true,
        inputs: [
          '{projectRoot}/proto/**/*.proto',
          '{projectRoot}/buf.yaml',
          '{projectRoot}/buf.gen.yaml',
          { externalDependencies: ['@bufbuild/buf', '@bufbuild/protoc-gen-es'] },
        ],
        outputs: ['{projectRoot}/src/gen'],
        options: { command: 'buf generate', cwd: '{projectRoot}' },
      },
      'proto-breaking': {
        cache: false,
        options: {
          command: 'buf breaking --against ../../.git#branch=main,subdir=packages/orders-proto',
        },
      },
    });
    for (const target of ['build', 'serve']) {
      expect(nodes['apps/orders']!.targets[target]).toMatchObject({
        dependsOn: ['^proto-generate'],
      });
      expect((await nodesOf(files))['apps/orders']!.targets[target]).not.toHaveProperty(
        'dependsOn',
      );
    }
  });

  it('makes the environments a project with the commands of the platform', async () => {
    const { environments } = await nodesOf(files);
    expect(environments).toMatchObject({ name: 'platform', root: 'environments' });
    expect(Object.keys(environments!.targets)).toEqual([
      'status',
      'logs',
      'topology',
      'doctor',
      'backup',
      'restore',
      'diff',
    ]);
    expect(environments!.targets['status']).toMatchObject({
      executor: 'nx:run-commands',
      cache: false,
      options: { command: 'micro status' },
      configurations: { production: { command: 'micro status --environment production' } },
    });
    expect(environments!.targets['diff']!.configurations).toEqual({
      production: { command: 'micro diff development production' },
    });
  });

  it.each<[string, Record<string, string>, string]>([
    ['a service', { 'apps/users/project.json': '{ "name": "platform" }' }, 'environments'],
    ['a library', { 'libs/kit/package.json': '{ "name": "platform" }' }, 'environments'],
    ['a folder, which Nx takes for one', { 'libs/platform/project.json': '{}' }, 'environments'],
    [
      'others',
      {
        'libs/a/project.json': '{ "name": "platform" }',
        'libs/b/project.json': '{ "name": "environments" }',
      },
      'platform-environments',
    ],
  ])('leaves the name to %s that has it', async (_, more, name) => {
    expect((await nodesOf({ ...files, ...more }))['environments']).toMatchObject({ name });
  });

  it.each<[string, Record<string, string>, MicroPluginOptions?]>([
    ['it is one already', { 'environments/project.json': '{}' }],
    ['nx.json says so', {}, { platformProject: false }],
  ])('makes no project of the environments if %s', async (_, more, options) => {
    expect(await nodesOf({ ...files, ...more }, options)).not.toHaveProperty('environments');
  });

  it('makes no project if there is no environment', async () => {
    const { 'environments/production.compose.yaml': other } = files;
    const nodes = await nodesOf({ 'environments/production.compose.yaml': other });
    expect(nodes).toEqual({});
  });

  it('accepts another name for it', async () => {
    const nodes = await nodesOf(files, { platformProject: 'shop' });
    expect(nodes['environments']).toMatchObject({ name: 'shop' });
  });

  it('passes no file name to a shell that is not an environment', async () => {
    const nodes = await nodesOf({ ...files, 'environments/$(date).yml': '' });
    expect(Object.keys(nodes['environments']!.targets['logs']!.configurations!)).toEqual([
      'development',
      'production',
    ]);
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

  it('accepts other names for its targets', async () => {
    const nodes = await nodesOf(files, { targetNames: { build: 'bundle' } });
    expect(Object.keys(nodes['apps/users']!.targets)).toContain('bundle');
  });
});
