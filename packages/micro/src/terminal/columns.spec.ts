import { styleText } from 'node:util';
import { expect, it } from 'vitest';
import { formatColumns } from './columns';

it('makes columns as wide as their widest cell, whatever its colour', () => {
  const red = styleText('red', 'ab', { validateStream: false });
  expect(formatColumns([['a', 'b', 'c'], [red, '', 'd'], ['e']])).toEqual([
    'a   b  c',
    `${red}     d`,
    'e',
  ]);
  expect(formatColumns([])).toEqual([]);
});
