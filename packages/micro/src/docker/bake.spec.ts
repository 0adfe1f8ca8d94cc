import { describe, expect, it } from 'vitest';
import { bakeArguments, bakeEnvironment, bakeFile, bakeProgress, type BakeTarget } from './bake';

const plain: BakeTarget = {
  dockerfile: 'apps/orders/Dockerfile',
  context: '.',
  platforms: [],
  contexts: {},
  buildArgs: {},
  labels: {},
  secrets: [],
  ssh: [],
  tags: [],
  cacheFrom: [],
  cacheTo: [],
  noCache: false,
  load: true,
  push: false,
};

describe('bakeFile', () => {
  it('contains only what was asked for', () => {
    expect(bakeFile(new Map([['orders', plain]]))).toEqual({
      group: { default: { targets: ['orders'] } },
      target: {
        orders: { context: '.', dockerfile: 'apps/orders/Dockerfile', output: ['type=docker'] },
      },
    });
  });

  it('contains all settings that buildx build would get', () => {
    const target: BakeTarget = {
      ...plain,
      target: 'production',
      platforms: ['linux/amd64', 'linux/arm64'],
      contexts: { artifact: 'dist/apps/orders' },
      buildArgs: { NODE_IMAGE: 'node:26' },
      labels: { text: 'costs ${5} and %{6}, $7' },
      secrets: ['id=npmrc,src=.npmrc'],
      ssh: ['default'],
      tags: ['acme/orders:1'],
      cacheFrom: ['type=gha'],
      cacheTo: ['type=gha,mode=max'],
      noCache: true,
      load: false,
      push: true,
    };
    expect(bakeFile(new Map([['orders', target]])).target['orders']).toEqual({
      context: '.',
      dockerfile: 'apps/orders/Dockerfile',
      target: 'production',
      platforms: ['linux/amd64', 'linux/arm64'],
      contexts: { artifact: 'dist/apps/orders' },
      args: { NODE_IMAGE: 'node:26' },
      labels: { text: 'costs $${5} and %%{6}, $7' },
      secret: ['id=npmrc,src=.npmrc'],
      ssh: ['default'],
      tags: ['acme/orders:1'],
      'cache-from': ['type=gha'],
      'cache-to': ['type=gha,mode=max'],
      'no-cache': true,
      output: ['type=registry'],
    });
  });
});

it.each([
  [undefined, ['--file', '/t/bake.json', '--progress', 'plain']],
  ['remote', ['--builder', 'remote', '--file', '/t/bake.json', '--progress', 'plain']],
])('bakes with the builder %s', (builder, args) => {
  expect(bakeArguments('/t/bake.json', builder)).toEqual(['buildx', 'bake', ...args]);
});

it('reports each target when it is exported', () => {
  const read = bakeProgress();
  const lines = [
    '#12 [users context artifact] load from client',
    '#12 DONE 0.0s',
    '#29 [users] exporting to image',
    '#30 [order-items] exporting to image',
    '#30 exporting layers 0.3s done',
    '#30 DONE 0.3s',
    '#29 DONE 0.4s',
  ];
  expect(lines.map(read)).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
    'order-items',
    'users',
  ]);
});

it('may read the contexts that it names, and adds no attestations by itself', () => {
  expect(bakeEnvironment({})).toEqual({
    BUILDX_BAKE_ENTITLEMENTS_FS: '0',
    BUILDX_NO_DEFAULT_ATTESTATIONS: '1',
  });
  expect(bakeEnvironment({ BUILDX_NO_DEFAULT_ATTESTATIONS: '0' })).toMatchObject({
    BUILDX_NO_DEFAULT_ATTESTATIONS: '0',
  });
});
