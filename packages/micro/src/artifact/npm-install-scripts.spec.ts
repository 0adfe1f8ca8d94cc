import { describe, expect, it } from 'vitest';
import type { NpmLockPackage } from './package-lock';
import { pruneAllowScripts, type AllowScripts } from './npm-install-scripts';

const at = (path: string) => `https://registry.example.com/${path}`;
const addon = (more: NpmLockPackage): NpmLockPackage => ({
  version: '1.2.3',
  hasInstallScript: true,
  ...more,
});
const REGISTRY = addon({ resolved: at('addon/-/addon-1.2.3.tgz') });
const SCOPED = addon({ resolved: at('npm/@acme/addon/-/addon-1.2.3.tgz') });
const UNRESOLVED = addon({});
const TARBALL = addon({ resolved: 'file:vendor/addon-1.2.3.tgz' });
const REMOTE = addon({ resolved: 'https://files.example.com/addon-1.2.3.tgz' });
const GIT = addon({
  resolved: `git+ssh://git@github.com/acme/addon.git#${'0123456789'.repeat(4)}`,
});
const ALIAS = addon({ name: 'addon', resolved: at('addon/-/addon-1.2.3.tgz') });

const prune = (place: string, entry: NpmLockPackage, allowScripts?: AllowScripts) =>
  pruneAllowScripts(
    new Map([[place, entry]]),
    new Map(entry === TARBALL ? [[place, 'file:vendor-addon-1.2.3.tgz']] : []),
    allowScripts,
  );

const HERE = 'node_modules/addon';

// As npm 12.2.1 does it: findings/npm-12-install-scripts.sh runs most of these rows.
describe('an install script is approved', () => {
  it.each<[string, string, NpmLockPackage, string, string]>([
    ['by name', HERE, REGISTRY, 'addon', 'addon'],
    ['by name, where it lies below another', `node_modules/a/${HERE}`, REGISTRY, 'addon', 'addon'],
    ['by any version', HERE, REGISTRY, 'addon@*', 'addon@*'],
    ['by its version', HERE, REGISTRY, 'addon@1.2.3', 'addon@1.2.3'],
    ['by one of some', HERE, REGISTRY, 'addon@1.2.2 || 1.2.3', 'addon@1.2.2 || 1.2.3'],
    ['by a scoped name', 'node_modules/@acme/addon', SCOPED, '@acme/addon', '@acme/addon'],
    ['by name, without an address', HERE, UNRESOLVED, 'addon', 'addon'],
    ['by the name behind an alias', 'node_modules/mine', ALIAS, 'addon', 'addon'],
    [
      'by its file, which has another name in the image',
      HERE,
      TARBALL,
      'file:vendor/addon-1.2.3.tgz',
      'file:vendor-addon-1.2.3.tgz',
    ],
    [
      'by its file, written another way',
      HERE,
      TARBALL,
      'addon@file:./vendor/addon-1.2.3.tgz',
      'file:vendor-addon-1.2.3.tgz',
    ],
    ['by its address', HERE, REMOTE, REMOTE.resolved!, REMOTE.resolved!],
    ['by its repository', HERE, GIT, 'github:acme/addon', 'github:acme/addon'],
    ['by a commit', HERE, GIT, 'acme/addon#0123456', 'acme/addon#0123456'],
  ])('%s', (_, place, entry, spec, kept) => {
    const others = { unrelated: true, 'other@1.0.0': false };
    expect(prune(place, entry, { ...others, [spec]: true })).toEqual({ [kept]: true });
    expect(prune(place, entry, { ...others, [spec]: false })).toEqual({ [kept]: false });
  });
});

describe('an install script is not approved', () => {
  it.each<[string, string, NpmLockPackage, AllowScripts | undefined]>([
    ['by nothing', HERE, REGISTRY, undefined],
    ['by another version', HERE, REGISTRY, { 'addon@1.2.4': true }],
    ['by a range, which npm refuses', HERE, REGISTRY, { 'addon@^1.2.3': true }],
    ['by a tag, which npm refuses', HERE, REGISTRY, { 'addon@latest': true }],
    ['by the alias', 'node_modules/mine', ALIAS, { mine: true }],
    ['by the name of a tarball', HERE, TARBALL, { addon: true, 'addon@1.2.3': true }],
    ['by another tarball', HERE, TARBALL, { 'file:other/addon-1.2.3.tgz': true }],
    ['by the name of a repository', HERE, GIT, { addon: true }],
    ['by another commit', HERE, GIT, { 'acme/addon#1234567': true }],
    ['by what cannot be read', HERE, REGISTRY, { '@/': true }],
  ])('%s', (_, place, entry, allowScripts) => {
    expect(() => prune(place, entry, allowScripts)).toThrow(
      'package.json does not approve the install scripts of addon@1.2.3. npm 12 skips such scripts',
    );
  });

  it('by a version, if the lockfile has no address: says so', () => {
    expect(() => prune(HERE, UNRESOLVED, { 'addon@1.2.3': true })).toThrow(
      'The approval of addon@1.2.3 does not count: package-lock.json does not say where the package comes from ("resolved"). Approve "addon".',
    );
  });
});

it('names all that are missing, with what to write', () => {
  const packages = new Map([
    [HERE, REGISTRY],
    ['node_modules/packed', { ...TARBALL, name: 'packed' }],
  ]);
  expect(() => pruneAllowScripts(packages, new Map())).toThrow(
    'Add "allowScripts": {"addon":true,"file:vendor/addon-1.2.3.tgz":true} to the package.json at the workspace root, or false for a script that is not needed.',
  );
});

it.each<[string, NpmLockPackage]>([
  ['has none', { version: '1.2.3' }],
  ['is in the archive of another', addon({ inBundle: true })],
  ['is for another system', addon({ os: ['darwin'] })],
  ['is not for Linux', addon({ os: ['!linux'] })],
])('needs no approval of a package that %s', (_, entry) => {
  expect(prune(HERE, entry, { addon: true })).toBeUndefined();
});
