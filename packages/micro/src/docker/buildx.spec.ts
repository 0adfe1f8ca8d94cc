import { expect, it } from 'vitest';
import {
  buildArguments,
  inspectRemoteArguments,
  retagArguments,
  type BuildRequest,
} from './buildx';

const least: BuildRequest = {
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
  pull: false,
  noCache: false,
  load: false,
  push: false,
  args: [],
};

it('says no more than it has to', () => {
  expect(buildArguments(least)).toEqual([
    ...['buildx', 'build', '--file', 'apps/orders/Dockerfile'],
    ...['--progress', 'plain', '.'],
  ]);
});

it('passes on everything', () => {
  expect(
    buildArguments({
      ...least,
      context: 'a folder',
      target: 'production',
      platforms: ['linux/amd64', 'linux/arm64'],
      contexts: { artifact: 'dist/apps/orders' },
      buildArgs: { NODE_IMAGE: 'node:26', EMPTY: '' },
      labels: { team: 'a b' },
      secrets: ['id=npmrc,src=.npmrc'],
      ssh: ['default'],
      tags: ['acme/orders:k-1', 'acme/orders:local'],
      cacheFrom: ['type=gha'],
      cacheTo: ['type=gha,mode=max'],
      builder: 'big',
      pull: true,
      noCache: true,
      load: true,
      push: true,
      args: ['--sbom=true'],
    }),
  ).toEqual([
    ...['buildx', 'build'],
    ...['--build-arg', 'NODE_IMAGE=node:26', '--build-arg', 'EMPTY='],
    ...['--build-context', 'artifact=dist/apps/orders', '--builder', 'big'],
    ...['--cache-from', 'type=gha', '--cache-to', 'type=gha,mode=max'],
    ...['--file', 'apps/orders/Dockerfile', '--label', 'team=a b', '--load'],
    ...['--no-cache', '--platform', 'linux/amd64,linux/arm64'],
    ...['--progress', 'plain', '--pull', '--push', '--secret', 'id=npmrc,src=.npmrc'],
    ...['--ssh', 'default', '--tag', 'acme/orders:k-1', '--tag', 'acme/orders:local'],
    ...['--target', 'production', '--sbom=true', 'a folder'],
  ]);
});

it.each([
  [
    inspectRemoteArguments('r/a:1'),
    [
      ...['buildx', 'imagetools', 'inspect', '--format'],
      ...['{"manifest":{{json .Manifest}},"image":{{json .Image}}}', 'r/a:1'],
    ],
  ],
  [retagArguments('r/a:1', 'r/a:2'), ['buildx', 'imagetools', 'create', '--tag', 'r/a:2', 'r/a:1']],
])('%j', (args, expected) => {
  expect(args).toEqual(expected);
});
