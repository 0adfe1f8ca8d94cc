import { describe, expect, it } from 'vitest';
import { temporaryWorkspace } from '../testing/temporary-workspace';
import { readContextFiles } from './build-context';

const files = {
  'apps/orders/Dockerfile': '',
  'apps/orders/main.ts': '',
  'apps/orders/.env': '',
  'libs/a/index.ts': '',
  'libs/a/node_modules/x/index.js': '',
  'package.json': '',
};
const read = async (paths: string[], more: Record<string, string> = {}, context = '.') => {
  const root = temporaryWorkspace({ ...files, ...more });
  const found = await readContextFiles(
    root,
    { context, dockerfile: 'apps/orders/Dockerfile' },
    paths,
  );
  return found.map(({ path }) => path);
};

describe('readContextFiles', () => {
  it.each<[string[], string[]]>([
    [[], []],
    [['package.json'], ['package.json']],
    [['/libs/'], ['libs/a/index.ts', 'libs/a/node_modules/x/index.js']],
    [
      ['libs/*/index.ts', 'apps/../package.json'],
      ['libs/a/index.ts', 'package.json'],
    ],
    [['none', 'none/*'], []],
  ])('COPY %j reads %j', async (paths, expected) => {
    expect(await read(paths)).toEqual(expected);
  });

  it.each([
    [
      'its own dockerignore',
      { 'apps/orders/Dockerfile.dockerignore': '**\n!apps/orders\n**/.env\n' },
    ],
    [
      'its own dockerignore before the one of the context',
      {
        'apps/orders/Dockerfile.dockerignore': '**\n!apps/orders\n**/.env\n',
        '.dockerignore': '**',
      },
    ],
    ['the dockerignore of the context', { '.dockerignore': 'libs\npackage.json\n**/.env*\r\n' }],
  ])('leaves out what %s leaves out', async (_, more) => {
    const found = await read(['.'], more);
    expect(found.filter((path) => !path.includes('ignore'))).toEqual([
      'apps/orders/Dockerfile',
      'apps/orders/main.ts',
    ]);
  });

  it('reads a context that is not the workspace root', async () => {
    expect(await read(['.'], {}, 'libs/a')).toEqual(['index.ts', 'node_modules/x/index.js']);
  });
});
