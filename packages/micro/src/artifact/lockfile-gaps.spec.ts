import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lockfileGaps } from './lockfile-gaps';
import type { NpmLockfile, NpmLockPackage } from './package-lock';

const gaps = (packages: Record<string, NpmLockPackage>) =>
  lockfileGaps({ lockfileVersion: 3, packages: { '': {}, ...packages } });

const NATIVE = { 'napi-windows-process-start-time': '^0.1.0' };
const MISSING = ['napi-windows-process-start-time'];

describe('lockfileGaps', () => {
  it('finds none in a lockfile with packages of every platform, such as that of this repository', () => {
    const text = readFileSync(join(__dirname, '../../../../package-lock.json'), 'utf8');
    const lockfile = JSON.parse(text) as NpmLockfile;
    const entries = Object.values(lockfile.packages);
    expect(entries.filter((entry) => entry.optionalDependencies).length).toBeGreaterThan(5);
    expect(lockfileGaps(lockfile)).toEqual([]);
  });

  // npm 11.19.1 and 12.2.2 refused a lockfile of each kind, and npm 10.9.4 accepted it.
  it.each<[string, Record<string, NpmLockPackage>, object]>([
    [
      'a package',
      {
        'node_modules/vite': {
          version: '8.4.0',
          optionalDependencies: { fsevents: '~2.3.3', ...NATIVE },
        },
        'node_modules/fsevents': { version: '2.3.3', optional: true },
      },
      { of: 'vite 8.4.0', package: 'vite', missing: MISSING },
    ],
    [
      'an optional package, below another',
      {
        'node_modules/esbuild/node_modules/@esbuild/darwin-arm64': {
          version: '0.28.0',
          optional: true,
          optionalDependencies: NATIVE,
        },
      },
      { of: '@esbuild/darwin-arm64 0.28.0', package: '@esbuild/darwin-arm64', missing: MISSING },
    ],
    [
      'a bundled package',
      {
        'node_modules/npm/node_modules/glob': {
          version: '13.0.0',
          inBundle: true,
          optionalDependencies: NATIVE,
        },
      },
      { of: 'glob 13.0.0', package: 'glob', missing: MISSING },
    ],
    [
      'the root',
      { '': { optionalDependencies: NATIVE } },
      { of: 'package.json', missing: MISSING },
    ],
    [
      'a project of the workspace',
      {
        'apps/orders': { name: 'orders', optionalDependencies: NATIVE },
        'node_modules/orders': { resolved: 'apps/orders', link: true },
      },
      { of: 'apps/orders/package.json', missing: MISSING },
    ],
  ])('finds what %s names', (_, packages, expected) => {
    expect(gaps(packages)).toEqual([expected]);
  });

  it('finds a package where Node does, and names one that is there twice once', () => {
    const vite = { version: '8.4.0', optionalDependencies: NATIVE };
    const entry = { version: '0.1.0', optional: true };
    const packages = {
      'node_modules/vite': vite,
      'node_modules/vitest/node_modules/vite': vite,
      'node_modules/astro/node_modules/vite': vite,
    };
    expect(gaps(packages)).toHaveLength(1);
    expect(gaps({ ...packages, 'node_modules/napi-windows-process-start-time': entry })).toEqual(
      [],
    );
    const beside = 'node_modules/vitest/node_modules/napi-windows-process-start-time';
    expect(gaps({ ...packages, [beside]: entry })).toEqual([
      { of: 'vite 8.4.0', package: 'vite', missing: MISSING },
    ]);
    expect(gaps({ 'node_modules/vitest/node_modules/vite': vite, [beside]: entry })).toEqual([]);
  });
});
