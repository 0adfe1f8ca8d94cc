import { describe, expect, it } from 'vitest';
import { ignoresPeers, pruneNpmrc, readAllowedSources } from './npmrc';

describe('the .npmrc of an image', () => {
  it('keeps the sources of packages and what decides about the lockfile, and no credential', () => {
    const text = [
      '# ours',
      'registry = "https://npm.acme.example/"',
      '@acme:registry=https://npm.acme.example/private/',
      '//npm.acme.example/:_authToken=${NPM_TOKEN}',
      '_password=c2VjcmV0',
      'legacy-peer-deps=true',
      'minimum-release-age=1440',
      'save-exact=true',
      '',
    ].join('\r\n');
    expect(pruneNpmrc(text)).toBe(
      'registry=https://npm.acme.example/\n@acme:registry=https://npm.acme.example/private/\nlegacy-peer-deps=true\nminimum-release-age=1440\n',
    );
  });

  it('keeps the settings that npm 12 checks for a locked package', () => {
    const text = 'allow-git=root\nallow-remote=all\nengine-strict\n';
    expect(pruneNpmrc(text)).toBe(text.replace('strict\n', 'strict=true\n'));
  });

  it('has no age gate of npm, which refuses locked packages whatever is excepted from it', () => {
    const text = 'min-release-age=3\nmin-release-age-exclude[]=@acme/*\nbefore=2026-01-01\n';
    expect(pruneNpmrc(text)).toBeUndefined();
  });

  it.each([
    [undefined, { git: false, remote: false }],
    ['allow-git=none\nallow-remote=all', { git: false, remote: true }],
    ['allow-git = "root"', { git: true, remote: false }],
  ])('allows with %j: %j', (text, expected) => {
    expect(readAllowedSources(text)).toEqual(expected);
  });

  it('is not there if nothing of it matters', () => {
    expect(pruneNpmrc('save-exact=true\n; registry=https://old.example/\n')).toBeUndefined();
  });

  it('refuses an address with a password, by its line, and does not repeat it', () => {
    expect(() => pruneNpmrc('\n@acme:registry=https://ada:s3cret@npm.acme.example/\n')).toThrow(
      /^\.npmrc:2: the address of the registry contains a credential(?!.*s3cret)/,
    );
  });

  it.each([
    [undefined, false],
    ['legacy-peer-deps=false', false],
    ['legacy-peer-deps', true],
    ['legacy-peer-deps = true', true],
  ])('says whether %j leaves out peers: %s', (text, expected) => {
    expect(ignoresPeers(text)).toBe(expected);
  });
});
