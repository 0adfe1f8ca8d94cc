import { describe, expect, it } from 'vitest';
import { extensionsOf, pruneBuilt, pruneYarnSettings } from './yarn-settings';

describe('the .yarnrc.yml of an image', () => {
  it('keeps what decides about the lockfile and the sources of packages, and no credential', () => {
    const settings = {
      nodeLinker: 'pnp',
      compressionLevel: 'mixed',
      npmMinimalAgeGate: 0,
      npmRegistryServer: 'https://npm.acme.example',
      npmAuthToken: 's3cret',
      npmScopes: {
        acme: {
          npmRegistryServer: 'https://acme.example',
          npmMinimalAgeGate: '3d',
          npmAuthToken: 's3cret',
        },
      },
      packageExtensions: {
        'debug@*': { dependencies: { ms: '*' } },
        'other@*': { dependencies: { ms: '*' } },
      },
      yarnPath: '.yarn/releases/yarn.cjs',
    };
    expect(pruneYarnSettings(settings, new Set(['debug', 'ms']))).toEqual({
      nodeLinker: 'node-modules',
      compressionLevel: 'mixed',
      npmMinimalAgeGate: 0,
      npmRegistryServer: 'https://npm.acme.example',
      npmScopes: { acme: { npmRegistryServer: 'https://acme.example', npmMinimalAgeGate: '3d' } },
      packageExtensions: { 'debug@*': { dependencies: { ms: '*' } } },
    });
    expect(extensionsOf(settings, 'debug')).toEqual({ ms: '*' });
  });

  // Yarn 4.9.4 and 4.12.0 (version 8) run all scripts, 4.14.0 (9) and 4.18.1 (10) none that is not approved.
  it.each([
    [8, {}, {}, undefined],
    [10, { enableScripts: true }, {}, undefined],
    [10, {}, { 'core-js': { built: true } }, { 'core-js': { built: true } }],
    [10, {}, { 'core-js@3.40.0': { built: false } }, { 'core-js@3.40.0': { built: false } }],
  ])('with version %i, %j and %j decides %j', (version, settings, meta, expected) => {
    expect(pruneBuilt(['core-js@3.40.0'], meta, settings, version)).toEqual(expected);
  });

  it.each([
    [10, {}],
    [9, {}],
    [8, { enableScripts: false }],
  ])(
    'with version %i and %j names a script that was neither allowed nor refused',
    (version, settings) => {
      expect(() => pruneBuilt(['core-js@3.40.0', 'a@1.0.0'], {}, settings, version)).toThrow(
        /^package\.json does not approve the install scripts of core-js@3\.40\.0, a@1\.0\.0.*\n.*"core-js":\{"built":true\},"a":\{"built":true\}/,
      );
    },
  );
});
