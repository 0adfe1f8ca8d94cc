import { expect, it } from 'vitest';
import { reaches } from './reach';

const links: Record<string, string[]> = { a: ['b', 'c'], b: ['d'], c: ['a'], d: [], e: ['e'] };

it.each([
  ['a', 'a', true],
  ['a', 'd', true],
  ['c', 'd', true],
  ['d', 'a', false],
  ['b', 'c', false],
  ['e', 'a', false],
])('from %s to %s: %s', (from, to, expected) => {
  expect(reaches((name) => links[name]!, from, to)).toBe(expected);
});
