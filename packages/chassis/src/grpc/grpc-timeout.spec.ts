import { expect, it } from 'vitest';
import { parseGrpcTimeout } from './grpc-timeout.js';

it.each([
  ['1H', 3_600_000],
  ['2M', 120_000],
  ['3S', 3000],
  ['1500m', 1500],
  ['2500u', 2],
  ['99n', 0],
  ['99999999m', 99_999_999],
  ['999999999m', undefined],
  ['-1S', undefined],
  ['1', undefined],
  ['', undefined],
  [undefined, undefined],
])('%s is %s ms', (text, ms) => {
  expect(parseGrpcTimeout(text)).toBe(ms);
});
