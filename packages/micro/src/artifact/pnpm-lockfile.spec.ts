import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { prunePnpmLockfile, type PnpmRoot } from './pnpm-lockfile';

const LOCKFILE = `lockfileVersion: '9.0'
settings: { autoInstallPeers: false, excludeLinksFromLockfile: true }
catalogs: { default: { kind-of: { specifier: 6.0.3, version: 6.0.3 } } }
overrides: { ms: 2.1.2 }
patchedDependencies: { patched@1.0.0: { hash: abc, path: patches/patched.patch } }
importers:
  .:
    devDependencies:
      patched: { specifier: 1.0.0, version: 1.0.0(patch_hash=abc) }
  apps/orders:
    dependencies:
      '@acme/shared': { specifier: 'workspace:*', version: link:../../libs/shared }
      acme: { specifier: 'file:../../vendor/acme-1.0.0.tgz', version: 'file:vendor/acme-1.0.0.tgz' }
      bufferutil: { specifier: ^4.0.8, version: 4.1.0 }
      kind-of: { specifier: 'catalog:', version: 6.0.3 }
      num: { specifier: 'npm:is-number@6.0.0', version: is-number@6.0.0 }
      ws: { specifier: ^8.18.0, version: 8.23.0(bufferutil@4.1.0) }
    optionalDependencies:
      debug: { specifier: 4.3.4, version: 4.3.4 }
  apps/users:
    dependencies:
      ws: { specifier: ^8.18.0, version: 8.23.0 }
packages:
  acme@file:vendor/acme-1.0.0.tgz:
    resolution: { integrity: sha512-a, tarball: 'file:vendor/acme-1.0.0.tgz' }
    version: 1.0.0
  bufferutil@4.1.0: { resolution: { integrity: sha512-b }, deprecated: use another }
  debug@4.3.4: { resolution: { integrity: sha512-d } }
  fsevents@2.3.3: { resolution: { integrity: sha512-f }, os: [darwin] }
  is-number@6.0.0: { resolution: { integrity: sha512-i } }
  kind-of@6.0.3: { resolution: { integrity: sha512-k } }
  ms@2.1.2: { resolution: { integrity: sha512-m } }
  node-gyp-build@4.8.4: { resolution: { integrity: sha512-n }, hasBin: true }
  patched@1.0.0: { resolution: { integrity: sha512-p } }
  ws@8.23.0: { resolution: { integrity: sha512-w } }
snapshots:
  acme@file:vendor/acme-1.0.0.tgz: {}
  bufferutil@4.1.0: { dependencies: { node-gyp-build: 4.8.4 } }
  debug@4.3.4: { dependencies: { ms: 2.1.2 }, optionalDependencies: { fsevents: 2.3.3 } }
  fsevents@2.3.3: { optional: true }
  is-number@6.0.0: {}
  kind-of@6.0.3: {}
  ms@2.1.2: { optional: true }
  node-gyp-build@4.8.4: {}
  patched@1.0.0(patch_hash=abc): {}
  ws@8.23.0: {}
  ws@8.23.0(bufferutil@4.1.0):
    optionalDependencies: { bufferutil: 4.1.0 }
    transitivePeerDependencies: [supports-color]
`;

const at = (folder: string, name: string, more: Partial<PnpmRoot> = {}): [string, PnpmRoot] => [
  name,
  { path: `${folder}node_modules/${name}`, name, version: '0.0.0', ...more },
];
const inOrders = (name: string) => at('apps/orders/', name);
const prune = (...roots: [string, PnpmRoot][]) => prunePnpmLockfile(LOCKFILE, new Map(roots));

interface Pruned {
  importers: { '.': { dependencies: Record<string, { specifier: string; version: string }> } };
  packages: Record<string, unknown>;
  snapshots: Record<string, unknown>;
}
const read = (text: string | undefined) => parse(text ?? '') as Pruned;

describe('a pruned pnpm lockfile', () => {
  it('has the closure alone, its one importer and the exact versions', () => {
    const { packageJson, lockfile } = prune(inOrders('bufferutil'));
    expect(packageJson).toEqual({
      private: true,
      type: 'module',
      dependencies: { bufferutil: '4.1.0' },
    });
    expect(parse(lockfile!)).toEqual({
      lockfileVersion: '9.0',
      settings: { autoInstallPeers: true, excludeLinksFromLockfile: false },
      importers: {
        '.': { dependencies: { bufferutil: { specifier: '4.1.0', version: '4.1.0' } } },
      },
      packages: {
        'bufferutil@4.1.0': { resolution: { integrity: 'sha512-b' } },
        'node-gyp-build@4.8.4': { resolution: { integrity: 'sha512-n' }, hasBin: true },
      },
      snapshots: {
        'bufferutil@4.1.0': { dependencies: { 'node-gyp-build': '4.8.4' } },
        'node-gyp-build@4.8.4': {},
      },
    });
  });

  it('is the same whatever else is in the lockfile', () => {
    const other = LOCKFILE.replace('is-number@6.0.0: {}', 'is-number@6.0.0: { x: 1 }');
    expect(prunePnpmLockfile(other, new Map([inOrders('bufferutil')]))).toEqual(
      prune(inOrders('bufferutil')),
    );
  });

  it('changes if an indirect dependency is redirected', () => {
    const moved = LOCKFILE.replace(
      '{ node-gyp-build: 4.8.4 }',
      '{ node-gyp-build: is-number@6.0.0 }',
    );
    expect(
      Object.keys(
        read(prunePnpmLockfile(moved, new Map([inOrders('bufferutil')])).lockfile).packages,
      ),
    ).toEqual(['bufferutil@4.1.0', 'is-number@6.0.0']);
  });

  it('marks packages as optional that only optional dependencies need', () => {
    expect(read(prune(inOrders('debug')).lockfile).snapshots).toEqual({
      'debug@4.3.4': {
        dependencies: { ms: '2.1.2' },
        optionalDependencies: { fsevents: '2.3.3' },
      },
      'fsevents@2.3.3': { optional: true },
      'ms@2.1.2': {},
    });
  });

  it('keeps aliases, catalogs and peers as they were resolved', () => {
    const { packageJson, lockfile } = prune(inOrders('num'), inOrders('kind-of'), inOrders('ws'));
    expect(packageJson.dependencies).toEqual({
      'kind-of': '6.0.3',
      num: 'npm:is-number@6.0.0',
      ws: '8.23.0',
    });
    expect(read(lockfile).importers['.'].dependencies).toEqual({
      'kind-of': { specifier: '6.0.3', version: '6.0.3' },
      num: { specifier: 'npm:is-number@6.0.0', version: 'is-number@6.0.0' },
      ws: { specifier: '8.23.0', version: '8.23.0(bufferutil@4.1.0)' },
    });
  });

  it('identifies a package without an importer by its version, and by its folder if peers differ', () => {
    const found = {
      path: 'node_modules/.pnpm/x@1.0.0/node_modules/ws',
      name: 'ws',
      version: '8.23.0',
    };
    const version = (root: PnpmRoot) =>
      read(prunePnpmLockfile(LOCKFILE, new Map([['ws', root]])).lockfile).importers['.']
        .dependencies['ws']?.version;
    expect(version({ ...found, store: 'ws@8.23.0' })).toBe('8.23.0');
    expect(version({ ...found, store: 'ws@8.23.0_bufferutil@4.1.0' })).toBe(
      '8.23.0(bufferutil@4.1.0)',
    );
    expect(() => version({ ...found, store: 'ws@8.23.0_0123456789abcdef' })).toThrow(
      'ws@8.23.0 is installed several times with different peers',
    );
    const { lockfile } = prune(['debug', { ...found, path: 'x', name: 'debug', version: '4.3.4' }]);
    expect(read(lockfile).snapshots).toHaveProperty('debug@4.3.4');
  });

  it('lays packed packages beside the package.json', () => {
    const { packageJson, lockfile, tarballs } = prune(inOrders('acme'));
    const name = 'vendor-acme-1.0.0.tgz';
    expect(tarballs).toEqual({ [name]: 'vendor/acme-1.0.0.tgz' });
    expect(packageJson.dependencies).toEqual({ acme: `file:${name}` });
    expect(lockfile).not.toContain('vendor/');
    expect(read(lockfile).packages).toEqual({
      [`acme@file:${name}`]: {
        resolution: { integrity: 'sha512-a', tarball: `file:${name}` },
        version: '1.0.0',
      },
    });
  });

  it('reads the last document: the first may have packages of pnpm itself', () => {
    const two = `lockfileVersion: '9.0'\nimporters:\n  .: { configDependencies: {} }\n---\n${LOCKFILE}`;
    expect(prunePnpmLockfile(two, new Map([inOrders('num')]))).toEqual(prune(inOrders('num')));
  });

  it('keeps the permissions of install scripts, in the file in which they were', () => {
    const { packageJson, workspace } = prunePnpmLockfile(
      LOCKFILE,
      new Map([inOrders('bufferutil')]),
      {
        packageJson: { pnpm: { onlyBuiltDependencies: ['bufferutil', 'esbuild'], overrides: {} } },
        workspace:
          'packages: [apps/*]\nallowBuilds: { bufferutil@4.1.0: true, esbuild: true }\nstrictDepBuilds: true\n',
      },
    );
    expect(packageJson.pnpm).toEqual({ onlyBuiltDependencies: ['bufferutil'] });
    expect(parse(workspace!)).toEqual({
      allowBuilds: { 'bufferutil@4.1.0': true },
      strictDepBuilds: true,
    });
    expect(prune(inOrders('num')).workspace).toBeUndefined();
  });

  it('does not exist if nothing is installed', () => {
    expect(prune()).toEqual({
      packageJson: { private: true, type: 'module', dependencies: {} },
      tarballs: {},
    });
  });

  it.each([
    [inOrders('@acme/shared'), '"@acme/shared" is a package of this workspace'],
    [at('', 'patched'), 'patched@1.0.0(patch_hash=abc) is patched, and "patchedDependencies"'],
    [inOrders('gone'), '"gone" (apps/orders/node_modules/gone) is not in pnpm-lock.yaml'],
  ])('refuses %j', (root, message) => {
    expect(() => prune(root)).toThrow(message);
  });

  it('refuses lockfiles of another version', () => {
    expect(() => prunePnpmLockfile("lockfileVersion: '6.0'\n", new Map([inOrders('num')]))).toThrow(
      'pnpm-lock.yaml has version 6.0: run pnpm install with pnpm 9 or later',
    );
  });
});
