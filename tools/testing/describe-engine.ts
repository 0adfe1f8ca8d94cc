import { describe, inject, test } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** Why there is no engine for tests; an empty string if there is one. */
    noEngine: string;
  }
}

/** A suite on a real Docker Engine. If there is none, it fails in CI and is skipped elsewhere. */
export function describeEngine(name: string, suite: () => void): void {
  const reason = inject('noEngine');
  if (reason === '') describe(name, suite);
  else if (!process.env['CI']) describe.skip(name, suite);
  else {
    test(`${name}: needs an engine`, () => {
      throw new Error(reason);
    });
  }
}
