import { expect, it } from 'vitest';
import { NO_SOURCES, requireAllowedSources } from './npm-sources';
import type { NpmLockfile } from './package-lock';

/** A service that asks for `addon` in some way; `deep` is what `addon` asks for. */
function lockfile(spec: string, deep = '^1.0.0'): NpmLockfile {
  return {
    lockfileVersion: 3,
    packages: {
      '': { workspaces: ['apps/*'] },
      'apps/orders': { dependencies: { addon: spec } },
      'node_modules/addon': { version: '1.0.0', dependencies: { deep } },
      'node_modules/deep': { version: '1.0.0' },
    },
  };
}

const PLACES = ['node_modules/addon', 'node_modules/deep'];

// As npm 12.2.1 does it: findings/npm-12-locked-git-and-remote.sh.
it.each([
  ['git+ssh://git@github.com/acme/addon.git#v1', 'git'],
  ['github:acme/addon', 'git'],
  ['acme/addon#semver:^1', 'git'],
  ['https://github.com/acme/addon.git', 'git'],
  ['https://files.acme.example/addon-1.0.0.tgz', 'remote'],
] as const)('a package that is asked for as %s needs allow-%s', (spec, kind) => {
  const message = `addon comes from ${kind === 'git' ? 'a git repository' : 'the address of an archive'}: add "allow-${kind}=all" to .npmrc`;
  expect(() => requireAllowedSources(lockfile(spec), PLACES, NO_SOURCES)).toThrow(message);
  expect(() =>
    requireAllowedSources(lockfile(spec), PLACES, { ...NO_SOURCES, [kind]: true }),
  ).not.toThrow();
});

it.each(['1.0.0', '^1', 'latest', 'npm:other@1.0.0', 'file:vendor/addon-1.0.0.tgz', 'workspace:*'])(
  'a package that is asked for as %s needs nothing',
  (spec) => {
    expect(() => requireAllowedSources(lockfile(spec), PLACES, NO_SOURCES)).not.toThrow();
  },
);

it('names all that are not allowed, including indirect ones, without addresses', () => {
  const locked = lockfile('https://ada:s3cret@files.acme.example/addon-1.0.0.tgz', 'acme/deep');
  expect(() => requireAllowedSources(locked, PLACES, NO_SOURCES)).toThrow(
    /addon comes from the address of an archive.*\ndeep comes from a git repository(?![^]*s3cret)/,
  );
});

it('ignores packages that the image does not install', () => {
  expect(() =>
    requireAllowedSources(lockfile('acme/addon'), ['node_modules/deep'], NO_SOURCES),
  ).not.toThrow();
});
