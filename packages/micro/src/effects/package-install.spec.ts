import { afterEach, describe, expect, it, vi } from 'vitest';
import { allowNewLockfile } from './package-install';

const VARIABLE = 'YARN_ENABLE_IMMUTABLE_INSTALLS';

describe('allowNewLockfile', () => {
  afterEach(() => vi.unstubAllEnvs());

  const seen = () => {
    let value: string | undefined;
    allowNewLockfile(() => {
      value = process.env[VARIABLE];
    });
    return value;
  };

  it('lets Yarn write its lockfile in a pipeline, for this install only', () => {
    vi.stubEnv(VARIABLE, undefined);
    expect(seen()).toBe('false');
    expect(process.env[VARIABLE]).toBeUndefined();
  });

  it('keeps the setting of a person', () => {
    vi.stubEnv(VARIABLE, 'true');
    expect(seen()).toBe('true');
    expect(process.env[VARIABLE]).toBe('true');
  });

  it('restores the setting if the install fails', () => {
    vi.stubEnv(VARIABLE, undefined);
    const fails = () => {
      throw new Error('no network');
    };
    expect(() => allowNewLockfile(fails)).toThrow('no network');
    expect(process.env[VARIABLE]).toBeUndefined();
  });
});
