import { describe, expect, it } from 'vitest';
import { pruneBunLockfile } from './bun-lockfile';
import { pruneNpmLockfile } from './npm-lockfile';
import { prunePnpmLockfile } from './pnpm-lockfile';
import { pruneYarnLockfile } from './yarn-lockfile';

/** The lockfile of a workspace: the image installs `addon`, which needs `inner`. */
interface Locked {
  addon: string;
  inner: string;
  other: string;
}

const LOCKED: Locked = { addon: 'a', inner: 'i', other: 'o' };

const bun = (sums: Locked) =>
  pruneBunLockfile(
    JSON.stringify({
      lockfileVersion: 1,
      workspaces: {
        '': { name: '@acme/source', dependencies: { addon: '1.0.0', other: '1.0.0' } },
      },
      packages: {
        addon: ['addon@1.0.0', '', { dependencies: { inner: '1.0.0' } }, `sha512-${sums.addon}`],
        inner: ['inner@1.0.0', '', {}, `sha512-${sums.inner}`],
        other: ['other@1.0.0', '', {}, `sha512-${sums.other}`],
      },
    }),
    new Map([['addon', { path: 'node_modules/addon', name: 'addon', version: '1.0.0' }]]),
  );

const npm = (sums: Locked) =>
  pruneNpmLockfile(
    {
      lockfileVersion: 3,
      packages: {
        'node_modules/addon': {
          version: '1.0.0',
          dependencies: { inner: '1.0.0' },
          integrity: `sha512-${sums.addon}`,
        },
        'node_modules/inner': { version: '1.0.0', integrity: `sha512-${sums.inner}` },
        'node_modules/other': { version: '1.0.0', integrity: `sha512-${sums.other}` },
      },
    },
    new Map([['addon', 'node_modules/addon']]),
  );

const pnpm = (sums: Locked) =>
  prunePnpmLockfile(
    JSON.stringify({
      lockfileVersion: '9.0',
      importers: {
        'apps/a': {
          dependencies: {
            addon: { specifier: '1.0.0', version: '1.0.0' },
            other: { specifier: '1.0.0', version: '1.0.0' },
          },
        },
      },
      packages: Object.fromEntries(
        Object.entries(sums).map(([name, sum]) => [
          `${name}@1.0.0`,
          { resolution: { integrity: `sha512-${sum}` } },
        ]),
      ),
      snapshots: {
        'addon@1.0.0': { dependencies: { inner: '1.0.0' } },
        'inner@1.0.0': {},
        'other@1.0.0': {},
      },
    }),
    new Map([
      [
        'addon',
        { path: 'apps/a/node_modules/addon', name: 'addon', version: '1.0.0', optional: [] },
      ],
    ]),
  );

const yarn = (sums: Locked) => {
  const entry = (name: keyof Locked, more = '') =>
    `"${name}@npm:1.0.0":\n  version: 1.0.0\n  resolution: "${name}@npm:1.0.0"\n${more}  checksum: 10c0/${sums[name]}\n  languageName: node\n  linkType: hard\n\n`;
  return pruneYarnLockfile(
    new Map([['addon', { path: 'node_modules/addon', name: 'addon', version: '1.0.0' }]]),
    {
      lockfile: `__metadata:\n  version: 8\n  cacheKey: 10c0\n\n${entry('addon', '  dependencies:\n    inner: "npm:1.0.0"\n')}${entry('inner')}${entry('other')}`,
      manifest: {},
      settings: {},
      scripted: new Set(),
      project: 'apps/orders',
    },
  );
};

// The pruned files are part of the artifact, whose content is the key of the image.
describe.each([
  ['package-lock.json', npm],
  ['pnpm-lock.yaml', pnpm],
  ['yarn.lock', yarn],
  ['bun.lock', bun],
] as const)('the part of %s that an image installs', (_, prune) => {
  it('changes if a package that it installs changes, or one that this needs', () => {
    const before = prune(LOCKED);
    expect(prune(LOCKED)).toEqual(before);
    expect(prune({ ...LOCKED, addon: 'b' })).not.toEqual(before);
    expect(prune({ ...LOCKED, inner: 'b' })).not.toEqual(before);
  });

  it('stays the same if any other package changes', () => {
    expect(prune({ ...LOCKED, other: 'b' })).toEqual(prune(LOCKED));
  });
});
