import { describe, expect, it } from 'vitest';
import { requireDecidedBuilds } from './pnpm-builds';

const PACKED = 'packed@file:vendor/packed-1.2.3.tgz';

// Each row as pnpm 10.34.9, 11.28.11 and 12.21.0 do it.
describe('a decision about an install script', () => {
  it.each([
    ['core-js@3.40.0', 'allowBuilds: { core-js: true }'],
    ['core-js@3.40.0', 'allowBuilds: { core-js: false }'],
    ['core-js@3.40.0', 'allowBuilds: { "core-js@3.39.0 || 3.40.0": true }'],
    ['core-js@3.40.0', 'onlyBuiltDependencies: [core-js]'],
    ['core-js@3.40.0', 'ignoredBuiltDependencies: [core-js]'],
    ['core-js@3.40.0', 'dangerouslyAllowAllBuilds: true'],
    ['@acme/a@1.0.0', 'allowBuilds: { "@acme/*": true }'],
    [PACKED, `allowBuilds: { "${PACKED}": true }`],
  ])('is there for %s with %s', (key, workspace) => {
    expect(() => requireDecidedBuilds([key], { workspace })).not.toThrow();
  });

  it.each([
    ['core-js@3.40.0', ''],
    ['core-js@3.40.0', 'allowBuilds: { core-js: set this to true or false }'],
    ['core-js@3.40.0', 'allowBuilds: { "core-js@3.39.0": true }'],
    [PACKED, 'allowBuilds: { packed: true }'],
    [PACKED, 'allowBuilds: { "packed@1.2.3": true }'],
  ])('is missing for %s with %j', (key, workspace) => {
    expect(() => requireDecidedBuilds([key], { workspace })).toThrow(
      `does not approve the install scripts of ${key}`,
    );
  });

  it('asks for the setting that this version reads, for all packages together', () => {
    expect(() => requireDecidedBuilds([PACKED, 'core-js@3.40.0'], {})).toThrow(
      `allowBuilds:\n  "${PACKED}": true\n  "core-js": true`,
    );
  });

  it('is also read from package.json, where pnpm 10 has it', () => {
    const packageJson = { pnpm: { onlyBuiltDependencies: ['core-js'] } };
    expect(() => requireDecidedBuilds(['core-js@3.40.0'], { packageJson })).not.toThrow();
  });
});
