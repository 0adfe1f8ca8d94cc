import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { replaceRendered } from './rendered-folder';

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
