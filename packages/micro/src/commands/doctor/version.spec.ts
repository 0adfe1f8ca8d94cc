import { expect, it } from 'vitest';
import { compareVersions, parseVersion } from './version';

it.each([
  ['v2.26.1-ds1', [2, 26, 1]],
  ['26.1.5+dfsg1', [26, 1, 5]],
  ['github.com/docker/buildx v0.13.1 abc', [0, 13, 1]],
  ['2.30', [2, 30, 0]],
  ['dev', undefined],
  [undefined, undefined],
])('parseVersion: %s', (text, version) => {
  expect(parseVersion(text)).toEqual(version);
});

it.each([
  [[2, 9, 0], [2, 10, 0], -1],
  [[3, 0, 0], [2, 99, 99], 1],
  [[2, 26, 1], [2, 26, 1], 0],
] as const)('compareVersions: %j and %j', (a, b, sign) => {
  expect(Math.sign(compareVersions(a, b))).toBe(sign);
});
