import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { replaceListed, replaceRendered } from './rendered-folder';

const file = (path: string, text: string) => ({ path, text: `# rendered\n${text}\n` });

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'micro-spec-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

it('writes what differs, removes files that are no longer rendered, and keeps the files of a person', async () => {
  const folder = temporaryFolder();
  const one = [file('a.yaml', '1'), file('b.yaml', '1')];
  expect(await replaceRendered(folder, one)).toEqual(['a.yaml', 'b.yaml']);
  writeFileSync(join(folder, 'patch.yaml'), 'mine\n');
  const before = statSync(join(folder, 'a.yaml')).mtimeMs;
  expect(await replaceRendered(folder, one)).toEqual([]);
  expect(await replaceRendered(folder, [file('a.yaml', '1'), file('c.yaml', '1')])).toEqual([
    'b.yaml',
    'c.yaml',
  ]);
  expect(statSync(join(folder, 'a.yaml')).mtimeMs).toBe(before);
  expect(readdirSync(folder).sort()).toEqual(['a.yaml', 'c.yaml', 'patch.yaml']);
});

it('changes nothing if a rendered file would replace one of a person', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'b.yaml'), 'mine\n');
  await expect(replaceRendered(folder, [file('a.yaml', '1'), file('b.yaml', '1')])).rejects.toThrow(
    `${folder}/b.yaml: not written by "micro render", so it is not replaced`,
  );
  expect(readdirSync(folder)).toEqual(['b.yaml']);
  expect(readFileSync(join(folder, 'b.yaml'), 'utf8')).toBe('mine\n');
});

describe('replaceListed', () => {
  const listed = (...names: string[]) => [
    ...names.map((path) => ({ path, text: '{}\n' })),
    { path: 'index.json', text: JSON.stringify({ writtenBy: 'micro render', files: names }) },
  ];
  const replace = (folder: string, ...names: string[]) =>
    replaceListed(folder, listed(...names), 'index.json');

  it('writes what differs, removes what is no longer rendered, and keeps the files of a person', async () => {
    const folder = temporaryFolder();
    expect(await replace(folder, 'a.json', 'b.json')).toEqual(['a.json', 'b.json']);
    writeFileSync(join(folder, 'mine.json'), '1\n');
    expect(await replace(folder, 'a.json', 'b.json')).toEqual([]);
    writeFileSync(join(folder, 'a.json'), 'edited\n');
    expect(await replace(folder, 'a.json', 'c.json')).toEqual(['a.json', 'b.json', 'c.json']);
    expect(readdirSync(folder).sort()).toEqual(['a.json', 'c.json', 'index.json', 'mine.json']);
  });

  it.each([
    ['a file of a person', { 'b.json': 'mine' }],
    ['a list of another program', { 'index.json': '{"files":["b.json"]}' }],
    ['a list that is no JSON', { 'index.json': 'b.json' }],
  ])('changes nothing instead of %s', async (_, there) => {
    const folder = temporaryFolder();
    for (const [name, text] of Object.entries(there)) writeFileSync(join(folder, name), text);
    const [name = '', text] = Object.entries(there)[0]!;
    await expect(replace(folder, 'a.json', 'b.json')).rejects.toThrow(
      `${folder}/${name}: not written by "micro render", so it is not replaced`,
    );
    expect(readdirSync(folder)).toEqual([name]);
    expect(readFileSync(join(folder, name), 'utf8')).toBe(text);
  });

  it('removes nothing outside of the folder, whatever the list says', async () => {
    const outside = join(temporaryFolder(), 'keep.json');
    writeFileSync(outside, '1');
    const folder = temporaryFolder();
    const files = [relative(folder, outside)];
    writeFileSync(join(folder, 'index.json'), JSON.stringify({ writtenBy: 'micro render', files }));
    await replace(folder, 'a.json');
    expect(readFileSync(outside, 'utf8')).toBe('1');
  });
});
