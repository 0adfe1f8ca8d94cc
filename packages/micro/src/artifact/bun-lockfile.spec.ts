import { parse } from 'jsonc-parser';
import { describe, expect, it } from 'vitest';
import { pruneBunLockfile, type BunRoot, type BunWorkspaceManifest } from './bun-lockfile';

// As Bun 1.4.5 writes it, with trailing commas.
const LOCKFILE = `{
  "lockfileVersion": 2,
  "configVersion": 1,
  "workspaces": {
    "": { "name": "@acme/source", "dependencies": { "debug": "^4.3.0", }, },
    "apps/orders": { "name": "@acme/orders", "dependencies": { "packed": "file:../../vendor/packed-1.2.3.tgz", }, },
  },
  "overrides": { "ms": "2.1.2", "other": "1.0.0", },
  "packages": {
    "@acme/orders": ["@acme/orders@workspace:apps/orders"],
    "core-js": ["core-js@3.40.0", "", { "hasInstallScript": true }, "sha512-c"],
    "debug": ["debug@4.4.3", "", { "dependencies": { "ms": "^2.1.3" } }, "sha512-d"],
    "ms": ["ms@2.1.2", "", {}, "sha512-m"],
    "num": ["is-number@6.0.0", "", {}, "sha512-i"],
    "packed": ["packed@../../vendor/packed-1.2.3.tgz", {}, "sha512-p"],
    "@acme/orders/debug": ["debug@3.2.7", "", { "dependencies": { "ms": "^2.1.1" } }, "sha512-e"],
  },
}
`;

const prune = (workspace: BunWorkspaceManifest, ...roots: BunRoot[]) => {
  const names = roots.map((root) => [root.path.replace(/^.*node_modules\//, ''), root] as const);
  const pruned = pruneBunLockfile(LOCKFILE, new Map(names), workspace);
  return { ...pruned, lockfile: parse(pruned.lockfile) as Record<string, unknown> };
};
const at = (path: string, name: string, version: string): BunRoot => ({ path, name, version });

describe('a pruned bun.lock', () => {
  it('has the version that the service finds, aliases and the overrides that still apply', () => {
    const { packageJson, lockfile } = prune(
      { overrides: { ms: '2.1.2', other: '1.0.0' } },
      at('apps/orders/node_modules/debug', 'debug', '3.2.7'),
      at('node_modules/num', 'is-number', '6.0.0'),
    );
    expect(packageJson).toMatchObject({
      dependencies: { debug: '3.2.7', num: 'npm:is-number@6.0.0' },
      overrides: { ms: '2.1.2' },
    });
    expect(lockfile).toMatchObject({ lockfileVersion: 2, configVersion: 1 });
    expect(Object.keys(lockfile['packages'] as object)).toEqual(['debug', 'ms', 'num']);
  });

  it('finds a package in the store of isolated installs by its version', () => {
    const path = 'node_modules/.bun/debug@4.4.3/node_modules/debug';
    const { packageJson } = prune({}, at(path, 'debug', '4.4.3'));
    expect(packageJson['dependencies']).toEqual({ debug: '4.4.3' });
  });

  it('lays a packed package beside the package.json', () => {
    const { packageJson, tarballs } = prune(
      {},
      at('apps/orders/node_modules/packed', 'packed', '1.2.3'),
    );
    expect(tarballs).toEqual({ 'vendor-packed-1.2.3.tgz': 'vendor/packed-1.2.3.tgz' });
    expect(packageJson['dependencies']).toEqual({ packed: 'file:vendor-packed-1.2.3.tgz' });
  });

  it('names an install script that was neither allowed nor refused', () => {
    const root = at('node_modules/core-js', 'core-js', '3.40.0');
    expect(() => prune({}, root)).toThrow('does not trust the install scripts of core-js');
    expect(prune({ trustedDependencies: ['core-js', 'other'] }, root).packageJson).toMatchObject({
      trustedDependencies: ['core-js'],
    });
    expect(prune({ trustedDependencies: [] }, root).packageJson).toMatchObject({
      trustedDependencies: [],
    });
  });

  it('refuses a package of the workspace, one that is missing, and another version', () => {
    expect(() => prune({}, at('node_modules/@acme/orders', '@acme/orders', '0.0.0'))).toThrow(
      'is a package of this workspace',
    );
    expect(() => prune({}, at('node_modules/gone', 'gone', '1.0.0'))).toThrow(
      '"gone" (node_modules/gone) is not in bun.lock: run bun install',
    );
    expect(() => pruneBunLockfile('{"lockfileVersion":9}', new Map())).toThrow('has version 9');
  });
});
