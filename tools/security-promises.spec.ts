import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { globSync } from 'tinyglobby';
import { describe, expect, it } from 'vitest';
import { ROOT } from './generated/file.js';

const SPECS = globSync(['packages/*/src/**/*.spec.ts', 'e2e/*.spec.ts'], { cwd: ROOT });

/** Each row of a table with promises: the promise, and the tests that prove it. */
const promises = readFileSync(join(ROOT, 'SECURITY.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| ') && line.includes('.spec.ts`'))
  .map((line) => line.split(' | ').map((cell) => cell.replace(/^\||\|$/g, '').trim()))
  .map(([promise, heldBy]) => ({ promise: promise!, tests: testsOf(heldBy!) }));

/** `"a title", "another one"` of each `file.spec.ts` in a cell. */
function testsOf(heldBy: string): { file: string; titles: string[] }[] {
  return heldBy.split('; ').map((part) => {
    const [, file, titles] = /^`([^`]+\.spec\.ts)`: (.+)$/.exec(part) ?? [];
    if (!file || !titles) throw new Error(`SECURITY.md names no file and title in: ${part}`);
    return { file, titles: [...titles.matchAll(/"([^"]+)"/g)].map(([, title]) => title!) };
  });
}

it('finds the promises', () => {
  expect(promises.length).toBeGreaterThan(20);
});

describe.each(promises)('$promise', ({ tests }) => {
  it.each(tests)('is tested by $file', ({ file, titles }) => {
    const found = SPECS.filter((spec) => `/${spec}`.endsWith(`/${file}`));
    expect(found).toHaveLength(1);
    const source = readFileSync(join(ROOT, found[0]!), 'utf8');
    expect(titles.length).toBeGreaterThan(0);
    expect(titles.filter((title) => !source.includes(title))).toEqual([]);
  });
});
