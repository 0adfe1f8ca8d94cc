import { expect, test } from 'vitest';
import { takeTurns } from './turns.js';

test.each([
  ['', ''],
  ['a1 a2', 'a1 a2'],
  ['a1 a2 b1 b2', 'a1 b1 a2 b2'],
  ['a1 a2 a3 a4 b1 b2', 'a1 b1 a2 a3 b2 a4'],
  ['a1 b1 b2 b3', 'b1 a1 b2 b3'],
])('%j is run as %j', (files, order) => {
  expect(takeTurns(files.split(' '), ([project = '']) => project).join(' ')).toBe(order);
});
