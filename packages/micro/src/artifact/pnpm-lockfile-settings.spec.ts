import { describe, expect, it } from 'vitest';
import { pruneSettings } from './pnpm-lockfile-settings';
import { prunePatches } from './pnpm-patches';

describe('the settings of pnpm in an image', () => {
  it('keep what decides about acceptance, install scripts and registries, for packages of the image', () => {
    const workspace = `
packages: [apps/*]
catalog: { ms: ^2.1.0 }
overrides: { ms: 2.1.2 }
minimumReleaseAge: 4320
minimumReleaseAgeExclude: [ms@2.1.2, other, '@acme/*']
trustPolicy: no-downgrade
trustPolicyExclude: [other]
allowBuilds: { bcrypt: true, other: true }
registries: { default: 'https://npm.acme.example/' }
nodeLinker: hoisted
`;
    expect(pruneSettings({ workspace }, new Set(['ms', 'bcrypt']))).toEqual({
      packageJson: undefined,
      workspace: {
        allowBuilds: { bcrypt: true },
        minimumReleaseAge: 4320,
        minimumReleaseAgeExclude: ['ms@2.1.2', '@acme/*'],
        registries: { default: 'https://npm.acme.example/' },
        trustPolicy: 'no-downgrade',
      },
    });
  });

  it('refuse a password in the address of a registry, and do not repeat it', () => {
    const workspace = "registries: { '@acme': 'https://ada:s3cret@npm.acme.example/' }";
    expect(() => pruneSettings({ workspace }, new Set())).toThrow(
      /^pnpm-workspace\.yaml: registries: the address(?!.*s3cret)/,
    );
  });

  it.each([
    [
      'pnpm 10',
      { hash: 'cfee', path: 'patches/is.patch' },
      { hash: 'cfee', path: 'patches-is.patch' },
    ],
    ['pnpm 11', 'cfee', 'cfee'],
  ])('bring the patches of packages, as %s locks them', (_, locked, expected) => {
    const workspace = 'patchedDependencies: { is@7.0.0: patches/is.patch }';
    expect(
      prunePatches(
        ['is@7.0.0(patch_hash=cfee)', 'ms@2.1.2'],
        { 'is@7.0.0': locked },
        { workspace },
      ),
    ).toEqual({
      locked: { 'is@7.0.0': expected },
      settings: { 'is@7.0.0': 'patches-is.patch' },
      files: { 'patches-is.patch': 'patches/is.patch' },
    });
  });
});
