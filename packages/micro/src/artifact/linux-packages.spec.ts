import { describe, expect, it } from 'vitest';
import { pruneBunLockfile } from './bun-lockfile';
import { requirePlatformPackages } from './linux-packages';
import { pruneNpmLockfile } from './npm-lockfile';
import { prunePnpmLockfile } from './pnpm-lockfile';
import { pruneYarnLockfile } from './yarn-lockfile';

const SYSTEMS = ['darwin-arm64', 'darwin-x64', 'linux-arm64', 'linux-x64', 'linuxmusl-x64'];
const NAMES = SYSTEMS.map((system) => `@img/sharp-${system}`);
const optionalDependencies = Object.fromEntries(NAMES.map((name) => [name, '1.0.0']));

describe('package-lock.json', () => {
  const prune = (having: readonly string[]) =>
    pruneNpmLockfile(
      {
        lockfileVersion: 3,
        packages: {
          'node_modules/thumbs': { version: '1.0.0', dependencies: { sharp: '1.0.0' } },
          'node_modules/sharp': { version: '1.0.0', optionalDependencies },
          ...Object.fromEntries(
            having.map((name) => [`node_modules/${name}`, { version: '1.0.0', optional: true }]),
          ),
        },
      },
      new Map([['thumbs', 'node_modules/thumbs']]),
    );

  it.each([
    ['of all systems', NAMES],
    ['of one Linux', ['@img/sharp-linux-x64']],
    ['of Alpine', ['@img/sharp-linuxmusl-x64']],
  ])('is good with packages %s', (_, having) => {
    expect(Object.keys(prune(having).lockfile!.packages)).toContain(`node_modules/${having[0]!}`);
  });

  it.each([
    ['a Mac', ['@img/sharp-darwin-arm64']],
    ['no system', []],
  ])('with those of %s fails with what to do', (_, having) => {
    expect(() => prune(having)).toThrow(
      'package-lock.json has no Linux package for "sharp", which the image needs: none of @img/sharp-linux-arm64, @img/sharp-linux-x64, @img/sharp-linuxmusl-x64\nThe lockfile was written on another system or processor beside an existing node_modules. Delete node_modules and package-lock.json, run npm install, and commit the new lockfile',
    );
  });

  it('may lack packages that are only for other systems', () => {
    const { lockfile } = pruneNpmLockfile(
      {
        lockfileVersion: 3,
        packages: {
          'node_modules/watch': {
            version: '1.0.0',
            optionalDependencies: { fsevents: '2.0.0', 'watch-darwin-arm64': '1.0.0' },
          },
        },
      },
      new Map([['watch', 'node_modules/watch']]),
    );
    expect(Object.keys(lockfile!.packages)).toEqual(['', 'node_modules/watch']);
  });
});

describe('package-lock.json of an image', () => {
  const check = (having: readonly string[], platforms: readonly string[]) =>
    requirePlatformPackages(
      {
        lockfileVersion: 3,
        packages: {
          'node_modules/sharp': { version: '1.0.0', optionalDependencies },
          'node_modules/plain': { optionalDependencies: { '@plain/linux': '1', fsevents: '1' } },
          ...Object.fromEntries(having.map((name) => [`node_modules/${name}`, {}])),
        },
      },
      platforms,
    );

  it.each([
    ['amd64', ['@img/sharp-linux-x64'], ['linux/amd64']],
    ['amd64 on Alpine', ['@img/sharp-linuxmusl-x64'], ['linux/amd64']],
    ['both', NAMES, ['linux/amd64', 'linux/arm64']],
    ['a processor for which there is no package', [], ['linux/s390x', 'linux/arm/v7']],
    ['no platform that is known', [], []],
  ])('is good for %s', (_, having, platforms) => {
    expect(() => check(having, platforms)).not.toThrow();
  });

  it('written on arm64 ends a build for amd64 with what to do', () => {
    expect(() => check(['@img/sharp-linux-arm64'], ['linux/amd64', 'linux/arm64'])).toThrow(
      'package-lock.json has no package for linux/amd64 of "sharp", which the image needs: none of @img/sharp-linux-x64, @img/sharp-linuxmusl-x64\nThe lockfile was written on another system or processor beside an existing node_modules. Delete',
    );
  });
});

describe('pnpm-lock.yaml', () => {
  const prune = (having: readonly string[]) =>
    prunePnpmLockfile(
      JSON.stringify({
        lockfileVersion: '9.0',
        importers: {
          'apps/a': { dependencies: { sharp: { specifier: '1.0.0', version: '1.0.0' } } },
        },
        packages: Object.fromEntries(['sharp', ...having].map((name) => [`${name}@1.0.0`, {}])),
        snapshots: {
          'sharp@1.0.0': {
            optionalDependencies: Object.fromEntries(having.map((name) => [name, '1.0.0'])),
          },
          ...Object.fromEntries(having.map((name) => [`${name}@1.0.0`, { optional: true }])),
        },
      }),
      new Map([
        [
          'sharp',
          { path: 'apps/a/node_modules/sharp', name: 'sharp', version: '1.0.0', optional: NAMES },
        ],
      ]),
    );

  it('is good with packages of one Linux', () => {
    expect(prune(['@img/sharp-linux-x64']).lockfile).toContain('@img/sharp-linux-x64@1.0.0');
  });

  it('with those of a Mac fails with what to do', () => {
    expect(() => prune(['@img/sharp-darwin-arm64'])).toThrow(
      /^pnpm-lock\.yaml has no Linux package for "sharp".*\nRemove it from "ignoredOptionalDependencies", or delete/,
    );
  });
});

describe('bun.lock', () => {
  const prune = (having: readonly string[]) =>
    pruneBunLockfile(
      JSON.stringify({
        lockfileVersion: 1,
        workspaces: { '': { name: '@acme/source', dependencies: { thumbs: '1.0.0' } } },
        packages: {
          thumbs: ['thumbs@1.0.0', '', { dependencies: { sharp: '1.0.0' } }, 'sha512-t'],
          sharp: ['sharp@1.0.0', '', { optionalDependencies }, 'sha512-s'],
          ...Object.fromEntries(
            having.map((name) => [name, [`${name}@1.0.0`, '', {}, 'sha512-o']]),
          ),
        },
      }),
      new Map([['thumbs', { path: 'node_modules/thumbs', name: 'thumbs', version: '1.0.0' }]]),
    );

  it('is good with packages of one Linux', () => {
    expect(prune(['@img/sharp-linux-x64']).lockfile).toContain('@img/sharp-linux-x64@1.0.0');
  });

  it('with those of a Mac fails with what to do, also for a package of a package', () => {
    expect(() => prune(['@img/sharp-darwin-arm64'])).toThrow(
      /^bun\.lock has no Linux package for "sharp".*\nDelete node_modules and bun\.lock, run bun install/,
    );
  });
});

describe('yarn.lock', () => {
  /** Yarn itself leaves nothing out; a person, a bot or a merge can. */
  const prune = (having: readonly string[]) => {
    const listed = having.map((name) => `    "${name}": "npm:1.0.0"\n`).join('');
    const optional = having.map((name) => `    "${name}":\n      optional: true\n`).join('');
    const entry = (name: string, more = '') =>
      `"${name}@npm:1.0.0":\n  version: 1.0.0\n  resolution: "${name}@npm:1.0.0"\n${more}  checksum: 10c0/a\n  languageName: node\n  linkType: hard\n\n`;
    const sharp = `  dependencies:\n${listed}  dependenciesMeta:\n${optional}`;
    return pruneYarnLockfile(
      new Map([
        ['sharp', { path: 'node_modules/sharp', name: 'sharp', version: '1.0.0', optional: NAMES }],
      ]),
      {
        lockfile: `__metadata:\n  version: 8\n  cacheKey: 10c0\n\n${having.map((name) => entry(name)).join('')}${entry('sharp', having.length > 0 ? sharp : '')}`,
        manifest: {},
        settings: {},
        scripted: new Set(),
        project: 'apps/orders',
      },
    );
  };

  it('is good with packages of one Linux', () => {
    expect(prune(['@img/sharp-linux-x64']).lockfile).toContain('@img/sharp-linux-x64@npm:1.0.0');
  });

  it.each([
    ['a Mac', ['@img/sharp-darwin-arm64']],
    ['no system', []],
  ])('with those of %s fails with what to do', (_, having) => {
    expect(() => prune(having)).toThrow(
      /^yarn\.lock has no Linux package for "sharp".*\nDelete yarn\.lock, run yarn install, and commit/,
    );
  });
});
