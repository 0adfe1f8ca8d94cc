import { expect, it } from 'vitest';
import { temporaryWorkspace } from '../testing/temporary-workspace';
import { findAssets } from './assets';

it.each([
  [[], []],
  [['static'], ['static/.hidden', 'static/a/b.txt']],
  [
    ['static/**/*.txt', 'x.json'],
    ['static/a/b.txt', 'x.json'],
  ],
  [['none/**'], []],
])('%j finds %j', (globs, expected) => {
  const root = temporaryWorkspace({
    'static/a/b.txt': '',
    'static/.hidden': '',
    'static/node_modules/x/y.txt': '',
    'x.json': '',
    'other.txt': '',
  });
  expect(findAssets(root, globs)).toEqual(expected);
});
