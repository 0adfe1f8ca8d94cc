import { expect, it } from 'vitest';
import { keepLines } from './keep-lines';

it.each([
  ['nothing edited', 'a:   1\nb: 2\n', 'a: 1\nb: 2\n', 'a: 1\nb: 2\n', 'a:   1\nb: 2\n'],
  ['beside it', 'a:   1\nb: 2\n', 'a: 1\nb: 2\n', 'a: 1\nb: 3\n', 'a:   1\nb: 3\n'],
  ['further off', 'a:   1\n\nb: 2\n', 'a: 1\n\nb: 2\n', 'a: 1\n\nb: 3\n', 'a:   1\n\nb: 3\n'],
  [
    'added at the end',
    'a:   1\nb: 2',
    'a: 1\nb: 2\n',
    'a: 1\nb: 2\nc: 3\n',
    'a:   1\nb: 2\nc: 3\n',
  ],
  [
    'removed',
    'a: # x\n  b: 1\nc: 2\n',
    'a:\n  # x\n  b: 1\nc: 2\n',
    'a:\n  # x\n  b: 1\n',
    'a: # x\n  b: 1\n',
  ],
  ['repeated', 'a:   1\nb\nb\n', 'a: 1\nb\nb\n', 'a: 1\nb\nb\nb\n', 'a:   1\nb\nb\nb\n'],
  ['into nothing', '', '', 'a: 1\n', 'a: 1\n'],
])('%s', (_, original, formatted, edited, merged) => {
  expect(keepLines(original, formatted, edited)).toBe(merged);
});
