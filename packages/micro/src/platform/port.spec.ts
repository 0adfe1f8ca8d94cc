import { expect, test } from 'vitest';
import { nextFreePort } from './port';

test.each([
  [[], 3001],
  [[3002, 4000], 3001],
  [[3001, 3002], 3003],
  [[3003, 3001, 3002, 3005], 3004],
])('if %j are taken, the next port is %i', (used, expected) => {
  expect(nextFreePort(new Set(used))).toBe(expected);
});
