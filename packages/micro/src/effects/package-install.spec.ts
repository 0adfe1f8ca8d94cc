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

  it('lets Yarn write its lockfile in a pipeline, for this install alone', () => {
    vi.stubEnv(VARIABLE, undefined);
    expect(seen()).toBe('false');
    expect(process.env[VARIABLE]).toBeUndefined();
  });

  it('leaves what a person has set', () => {
    vi.stubEnv(VARIABLE, 'true');
    expect(seen()).toBe('true');
    expect(process.env[VARIABLE]).toBe('true');
  });

  it('leaves nothing behind if the install fails', () => {
    vi.stubEnv(VARIABLE, undefined);
    const fails = () => {
      throw new Error('no network');
    };
    expect(() => allowNewLockfile(fails)).toThrow('no network');
    expect(process.env[VARIABLE]).toBeUndefined();
  });
});
