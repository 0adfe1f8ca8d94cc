import {
  chmodSync,
  lstatSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { fakeClock } from '../testing/service-task';
import { temporaryWorkspace, writeFiles } from '../testing/temporary-workspace';
import { systemClock } from './clock';
import {
  copyWhole,
  fileReader,
  listFiles,
  normaliseFiles,
  readKeyFiles,
  withTemporaryFolder,
  writeWhole,
} from './files';

it('fileReader distinguishes a missing file from an empty one', () => {
  const read = fileReader(temporaryWorkspace({ 'a/empty': '' }));
  expect([read('a/empty'), read('a/none')]).toEqual(['', undefined]);
});

it('listFiles sorts, and skips the folders that it is told to', async () => {
  const root = temporaryWorkspace({ b: '', 'a/c': '', 'a/b/d': '', 'node_modules/x': '' });
  expect(await listFiles(root, (folder) => folder !== 'node_modules')).toEqual([
    'a/b/d',
    'a/c',
    'b',
  ]);
});

it('readKeyFiles reads content, executable bit and link target', async () => {
  const root = temporaryWorkspace({ a: 'x', b: 'x', c: 'y' });
  chmodSync(join(root, 'b'), 0o755);
  symlinkSync('a', join(root, 'd'));
  const [a, b, c, d] = await readKeyFiles(root, ['a', 'b', 'c', 'd']);
  expect(a).toEqual({
    path: 'a',
    executable: false,
    hash: expect.stringMatching(/^2d71/) as string,
  });
  expect(b).toEqual({ ...a, path: 'b', executable: true });
  expect(new Set([a!.hash, c!.hash, d!.hash]).size).toBe(3);
});

describe('normaliseFiles', () => {
  const stateOf = (root: string, path: string) => {
    const { mode, mtimeMs } = lstatSync(join(root, path));
    return { mode: mode & 0o777, mtimeMs };
  };

  it('gives equal content equal modes and times', async () => {
    const [one, two] = [
      temporaryWorkspace({ 'x/a': 'same' }),
      temporaryWorkspace({ 'x/a': 'same' }),
    ];
    chmodSync(join(two, 'x/a'), 0o600);
    chmodSync(join(two, 'x'), 0o700);
    await normaliseFiles(one);
    await normaliseFiles(two);
    for (const path of ['.', 'x', 'x/a']) expect(stateOf(two, path)).toEqual(stateOf(one, path));
    expect(stateOf(one, 'x/a').mode).toBe(0o644);
  });

  it('gives different content of the same size a different time', async () => {
    const root = temporaryWorkspace({ a: 'aaaa', b: 'bbbb' });
    await normaliseFiles(root);
    expect(stateOf(root, 'a').mtimeMs).not.toBe(stateOf(root, 'b').mtimeMs);
  });

  it.each([
    ['#!/bin/sh\n', 0o755],
    ['\x7fELF\x02', 0o755],
    ['text\n#!/bin/sh\n', 0o644],
    ['#', 0o644],
    ['', 0o644],
  ])('sets the mode of %j by its content, whatever it was before', async (content, mode) => {
    const root = temporaryWorkspace({ plain: content, marked: content });
    chmodSync(join(root, 'marked'), 0o700);
    await normaliseFiles(root);
    expect(stateOf(root, 'plain').mode).toBe(mode);
    expect(stateOf(root, 'marked').mode).toBe(mode);
  });
});

describe('copyWhole', () => {
  it('copies a folder and leaves the original alone', async () => {
    const root = temporaryWorkspace({ 'from/a/b': 'x' });
    symlinkSync('b', join(root, 'from/a/link'));
    const before = statSync(join(root, 'from/a/b')).mtimeMs;
    const paths = await copyWhole(join(root, 'from'), join(root, 'to'), fakeClock());
    expect(paths).toEqual(['a/b', 'a/link']);
    expect(await listFiles(join(root, 'to'))).toEqual(paths);
    expect(lstatSync(join(root, 'to/a/link')).isSymbolicLink()).toBe(true);
    expect(statSync(join(root, 'from/a/b')).mtimeMs).toBe(before);
  });

  it('returns nothing after a second if the folder does not exist', async () => {
    const clock = fakeClock();
    const root = temporaryWorkspace();
    expect(await copyWhole(join(root, 'from'), join(root, 'to'), clock)).toBeUndefined();
    expect(clock.slept).toHaveLength(9);
  });

  it('waits for a folder that is being replaced', async () => {
    const root = temporaryWorkspace();
    const clock = fakeClock();
    const sleep = (time: number) => {
      writeFiles(root, { 'from/a': 'late' });
      return clock.sleep(time);
    };
    expect(await copyWhole(join(root, 'from'), join(root, 'to'), { ...clock, sleep })).toEqual([
      'a',
    ]);
  });

  it('never mixes the files of two builds', async () => {
    const build = (name: string, text: string) =>
      Object.fromEntries(range(300).map((n) => [`${name}/${n}`, text]));
    const root = temporaryWorkspace({ ...build('from', 'one'), ...build('next', 'two') });
    const [from, to] = [join(root, 'from'), join(root, 'to')];
    const copy = copyWhole(from, to, systemClock);
    while (!existsSync(to) || readdirSync(to).length < 10) await setImmediate();
    renameSync(from, join(root, 'old'));
    renameSync(join(root, 'next'), from);
    const paths = await copy;
    expect(new Set(paths?.map((path) => readFileSync(join(to, path), 'utf8')))).toEqual(
      new Set(['two']),
    );
  });

  const range = (length: number) => Array.from({ length }, (_, n) => n);
});

describe('writeWhole', () => {
  it('makes folders, and never leaves a partial file', async () => {
    const root = temporaryWorkspace();
    await Promise.all(['one', 'two', 'three'].map((text) => writeWhole(join(root, 'a/b'), text)));
    expect(['one', 'two', 'three']).toContain(readFileSync(join(root, 'a/b'), 'utf8'));
    expect(readdirSync(join(root, 'a'))).toEqual(['b']);
  });

  it('keeps the old content if writing fails', async () => {
    const root = temporaryWorkspace({ 'a/b/c': '' });
    await expect(writeWhole(join(root, 'a/b'), 'x')).rejects.toThrow();
    expect(await listFiles(root)).toEqual(['a/b/c']);
  });
});

it('withTemporaryFolder gives a private folder, and removes it also after an error', async () => {
  let folder = '';
  const use = withTemporaryFolder((path) => {
    folder = path;
    writeFileSync(join(path, 'a'), '');
    expect(statSync(path).mode & 0o077).toBe(0);
    return Promise.reject(new Error('no'));
  });
  await expect(use).rejects.toThrow('no');
  expect(() => statSync(folder)).toThrow('ENOENT');
});
