import { expect, it } from 'vitest';
import { isBatchOutputHeld } from './nx-output';

it.each([
  [{}, false],
  [{ CI: 'true' }, false],
  [{ GITHUB_ACTIONS: 'true' }, true],
  [{ GITHUB_ACTIONS: 'true', NX_SKIP_LOG_GROUPING: 'true' }, false],
  [{ GITHUB_ACTIONS: 'true', NX_STREAM_OUTPUT: 'true' }, false],
])('with %j Nx holds back what a batch prints: %s', (variables, expected) => {
  expect(isBatchOutputHeld(variables)).toBe(expected);
});
