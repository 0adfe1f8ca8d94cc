import { expect, it } from 'vitest';
import { handlerLimit } from './handler-limit.js';

it.each([
  ['30 s, for which the default of a stop has time', undefined, 35_000, 30_000],
  ['less where a stop has less', undefined, 12_000, 10_000],
  ['half of a very short stop', undefined, 1000, 500],
  ['what the code says', 20_000, 35_000, 20_000],
  ['what the code says, outside of a service', 90_000, undefined, 90_000],
])('a handler may take %s', (_, asked, stop, expected) => {
  expect(handlerLimit(asked, stop)).toBe(expected);
});

it('refuses a handler that a stop would cut off', () => {
  expect(() => handlerLimit(60_000, 35_000)).toThrow(
    'handlerTimeoutMs is 60000, and a stop may take 35000 ms: set STOP_TIMEOUT_MS to 62000 or more, or a lower handlerTimeoutMs',
  );
});
