import { describe, expect, it } from 'vitest';
import { pruneNpmLockfile, type NpmWorkspaceManifest } from './npm-lockfile';
import type { NpmLockPackage } from './package-lock';

type Packages = Record<string, NpmLockPackage>;

const prune = (
  packages: Packages,
  roots: Record<string, string>,
  workspace?: NpmWorkspaceManifest,
) => pruneNpmLockfile({ lockfileVersion: 3, packages }, new Map(Object.entries(roots)), workspace);

/** Path -> version of what is installed. */
const layout = (packages: Packages, roots: Record<string, string>) =>
  Object.fromEntries(
    Object.entries(prune(packages, roots).lockfile!.packages)
      .filter(([path]) => path !== '')
      .map(([path, { version, optional }]) => [path, `${version}${optional ? '?' : ''}`]),
  );

const v = (version: string, more: Partial<NpmLockPackage> = {}): NpmLockPackage => ({
  version,
  resolved: `https://registry.npmjs.org/x-${version}.tgz`,
  ...more,
});
const on = (...names: string[]) => ({
  dependencies: Object.fromEntries(names.map((name) => [name, '*'])),
});
const peers = (...names: string[]) => ({
  peerDependencies: Object.fromEntries(names.map((name) => [name, '*'])),
});
const atTop = (...names: string[]) =>
  Object.fromEntries(names.map((name) => [name, `node_modules/${name}`]));

describe('pruneNpmLockfile', () => {
  it('needs no lockfile if nothing is installed', () => {
    expect(prune({}, {})).toEqual({
      packageJson: { private: true, type: 'module', dependencies: {} },
      tarballs: {},
    });
  });

  it('writes a manifest and a lockfile that agree', () => {
    const packages = {
      '': { name: 'acme', ...on('a', 'other') },
      'node_modules/a': v('1.0.0', on('b')),
      'node_modules/b': v('2.0.0', { dev: true }),
      'node_modules/other': v('3.0.0'),
    };
    expect(prune(packages, atTop('a'))).toEqual({
      packageJson: { private: true, type: 'module', dependencies: { a: '1.0.0' } },
      tarballs: {},
      lockfile: {
        lockfileVersion: 3,
        requires: true,
        packages: {
          '': { dependencies: { a: '1.0.0' } },
          'node_modules/a': packages['node_modules/a'],
          'node_modules/b': v('2.0.0'),
        },
      },
    });
  });

  it.each<[string, Packages, Record<string, string>, Record<string, string>]>([
    [
      'a version that only the project has',
      {
        'node_modules/a': v('1.0.0', on('b')),
        'node_modules/b': v('1.0.0'),
        'apps/orders/node_modules/a': v('2.0.0', on('b')),
        'apps/orders/node_modules/b': v('2.0.0'),
      },
      { a: 'apps/orders/node_modules/a' },
      { 'node_modules/a': '2.0.0', 'node_modules/b': '2.0.0' },
    ],
    [
      'two versions, each where it is needed',
      {
        'node_modules/a': v('1.0.0', on('c')),
        'node_modules/b': v('1.0.0', on('c')),
        'node_modules/c': v('1.0.0'),
        'node_modules/b/node_modules/c': v('2.0.0'),
      },
      atTop('a', 'b'),
      {
        'node_modules/a': '1.0.0',
        'node_modules/b': '1.0.0',
        'node_modules/c': '1.0.0',
        'node_modules/b/node_modules/c': '2.0.0',
      },
    ],
    [
      'packages that need each other',
      { 'node_modules/a': v('1.0.0', on('b')), 'node_modules/b': v('1.0.0', on('a')) },
      atTop('a'),
      { 'node_modules/a': '1.0.0', 'node_modules/b': '1.0.0' },
    ],
    [
      'optional packages, and what only they need, marked as such',
      {
        'node_modules/a': v('1.0.0', { ...on('c'), optionalDependencies: { b: '*', gone: '*' } }),
        'node_modules/b': v('1.0.0', { optional: true, ...on('c', 'd') }),
        'node_modules/c': v('1.0.0'),
        'node_modules/d': v('1.0.0'),
      },
      atTop('a'),
      {
        'node_modules/a': '1.0.0',
        'node_modules/b': '1.0.0?',
        'node_modules/c': '1.0.0',
        'node_modules/d': '1.0.0?',
      },
    ],
    [
      'a package that is optional in the workspace and required here',
      { 'node_modules/a': v('1.0.0', { optional: true, devOptional: true }) },
      atTop('a'),
      { 'node_modules/a': '1.0.0' },
    ],
    [
      'peers, and optional ones where they are there',
      {
        'node_modules/a': v('1.0.0', {
          ...peers('b', 'c', 'd'),
          peerDependenciesMeta: { c: { optional: true }, d: { optional: true } },
        }),
        'node_modules/b': v('1.0.0', { peer: true }),
        'node_modules/c': v('1.0.0'),
      },
      atTop('a'),
      { 'node_modules/a': '1.0.0', 'node_modules/b': '1.0.0', 'node_modules/c': '1.0.0?' },
    ],
    [
      'a package beside the version of its peer that it was installed with',
      {
        'node_modules/a': v('1.0.0', on('p', 'q')),
        'node_modules/a/node_modules/p': v('2.0.0', peers('q')),
        'node_modules/a/node_modules/q': v('2.0.0'),
        'node_modules/q': v('1.0.0'),
      },
      atTop('a', 'q'),
      {
        'node_modules/a': '1.0.0',
        'node_modules/q': '1.0.0',
        'node_modules/a/node_modules/p': '2.0.0',
        'node_modules/a/node_modules/q': '2.0.0',
      },
    ],
    [
      'what a package brings in its own archive, where it is in it',
      {
        'node_modules/b': v('9.0.0'),
        'node_modules/a': v('1.0.0', { ...on('b', 'c'), bundleDependencies: ['b', 'c'] }),
        'node_modules/a/node_modules/b': { version: '1.0.0', inBundle: true, ...on('c') },
        'node_modules/a/node_modules/c': { version: '1.0.0', inBundle: true },
      },
      atTop('a'),
      {
        'node_modules/a': '1.0.0',
        'node_modules/a/node_modules/b': '1.0.0',
        'node_modules/a/node_modules/c': '1.0.0',
      },
    ],
    [
      'scoped packages',
      {
        'node_modules/@s/a': v('1.0.0', on('@s/b')),
        'node_modules/@s/a/node_modules/@s/b': v('1.0.0'),
      },
      { '@s/a': 'node_modules/@s/a' },
      { 'node_modules/@s/a': '1.0.0', 'node_modules/@s/b': '1.0.0' },
    ],
  ])('keeps %s', (_, packages, roots, expected) => {
    expect(layout(packages, roots)).toEqual(expected);
  });

  it('names an alias by the package behind it', () => {
    const packages = { 'node_modules/a': v('1.0.0', { name: 'real' }) };
    const { packageJson, lockfile } = prune(packages, atTop('a'));
    expect(packageJson.dependencies).toEqual({ a: 'npm:real@1.0.0' });
    expect(lockfile!.packages['node_modules/a']).toMatchObject({ name: 'real' });
  });

  it('lays packed packages beside the package.json', () => {
    const packages = { 'node_modules/a': v('1.0.0', { resolved: 'file:vendor/a-1.0.0.tgz' }) };
    const { packageJson, lockfile, tarballs } = prune(packages, atTop('a'));
    expect(packageJson.dependencies).toEqual({ a: 'file:vendor-a-1.0.0.tgz' });
    expect(lockfile!.packages['node_modules/a']!.resolved).toBe('file:vendor-a-1.0.0.tgz');
    expect(tarballs).toEqual({ 'vendor-a-1.0.0.tgz': 'vendor/a-1.0.0.tgz' });
  });

  it('keeps the overrides under which the versions came about', () => {
    const workspace = {
      devDependencies: { react: '^19.0.0' },
      overrides: {
        a: '1.0.0',
        b: '$react',
        'c@^1': { '.': '2.0.0', a: '1.0.0' },
        d: { 'e@1': '2' },
        c: { e: '2' },
        e: { a: '1.0.0' },
      },
    };
    const packages = {
      'node_modules/a': v('1.0.0', { dependencies: { b: '*', c: '*', d: '*' } }),
      'node_modules/b': v('19.0.0'),
      'node_modules/c': v('2.0.0'),
      'node_modules/d': v('1.0.0'),
    };
    // Nothing of `e`, which is not in the closure.
    expect(prune(packages, atTop('a'), workspace).packageJson.overrides).toEqual({
      a: '$a',
      b: '^19.0.0',
      'c@^1': { '.': '2.0.0', a: '$a' },
    });
  });

  it.each<[string, Packages | undefined, Record<string, string>, string]>([
    [
      'a package that is missing',
      {},
      atTop('a'),
      '"a" (node_modules/a) is not in package-lock.json: run npm install and commit the lockfile',
    ],
    [
      'a dependency that is missing',
      { 'node_modules/a': v('1.0.0', on('b')) },
      atTop('a'),
      '"b", needed by node_modules/a, is not in package-lock.json: run npm install',
    ],
    [
      'a package of the workspace',
      { 'node_modules/a': { link: true, resolved: 'libs/a' } },
      atTop('a'),
      '"a" is a package of this workspace and cannot be external: bundle it',
    ],
    [
      'a dependency on one',
      { 'node_modules/a': v('1.0.0', on('b')), 'node_modules/b': { link: true } },
      atTop('a'),
      '"b" is a package of this workspace and cannot be external: bundle it',
    ],
    [
      'a lockfile of npm 6',
      undefined,
      atTop('a'),
      'package-lock.json has version 1, which does not record where packages are installed',
    ],
  ])('refuses %s', (_, packages, roots, message) => {
    expect(() =>
      pruneNpmLockfile(
        { lockfileVersion: packages ? 3 : 1, packages: packages! },
        new Map(Object.entries(roots)),
      ),
    ).toThrow(message);
  });
});
