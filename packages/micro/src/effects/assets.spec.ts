import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
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
  expect(findAssets(root, globs)).toEqual({ files: expected, problems: [] });
});

it('refuses assets that are outside the project, links to the outside, and secrets, and names the glob of each', () => {
  const root = temporaryWorkspace({
    '.env': 'A=b',
    'shared/a.txt': '',
    'apps/orders/.env': 'A=b',
    'apps/orders/data/a.json': '',
  });
  const project = join(root, 'apps/orders');
  symlinkSync('../../shared', join(project, 'linked'));
  symlinkSync('../../.env', join(project, 'settings'));
  mkdirSync(join(project, 'own'));
  symlinkSync('../data/a.json', join(project, 'own/a.json'));
  const { files, problems } = findAssets(project, [
    'data/**',
    'linked/**',
    'set*',
    'own',
    '../../.env',
    '.e*',
  ]);
  expect(files).toEqual(['data/a.json', 'own/a.json']);
  expect(problems).toEqual([
    {
      index: 1,
      message:
        'linked/a.txt is, through a symbolic link, outside the project: assets must be files of the project; copy it there',
    },
    {
      index: 2,
      message: expect.stringContaining('settings is, through a symbolic link,') as string,
    },
    { index: 4, message: expect.stringContaining('../../.env is outside the project') as string },
    {
      index: 5,
      message: expect.stringContaining('.env has a name of files for secrets') as string,
    },
  ]);
});
