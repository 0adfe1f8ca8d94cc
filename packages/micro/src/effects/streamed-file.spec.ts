import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect, it } from 'vitest';
import { temporaryWorkspace } from '../testing/temporary-workspace';
import {
  hashFile,
  makeIgnoredFolder,
  makePrivateFolder,
  readEnd,
  writeStreamed,
} from './streamed-file';

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

it('writes a file as it comes, readable by this user only, and measures it', async () => {
  const file = join(temporaryWorkspace(), 'dump');
  const bytes = randomBytes(300_000);
  const written = await writeStreamed(file, async (output) => {
    output.write(bytes.subarray(0, 100_000));
    await new Promise((resolve) => output.write(bytes.subarray(100_000), resolve));
    expect(existsSync(file)).toBe(false);
  });
  expect(written).toEqual({ bytes: bytes.length, sha256: sha256(bytes) });
  expect(readFileSync(file).equals(bytes)).toBe(true);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(await hashFile(file)).toBe(written.sha256);
});

it('reads the end of a file', async () => {
  const root = temporaryWorkspace({ dump: 'one two' });
  expect(await readEnd(join(root, 'dump'), 3)).toBe('two');
  expect(await readEnd(join(root, 'dump'), 300)).toBe('one two');
  expect(await readEnd(join(root, 'gone'), 3)).toBe('');
});

it.each([
  ['half of it came', 'half', /^broken$/],
  ['nothing came', '', /^dump: there was nothing to write$/],
])('keeps the previous file if %s', async (_, text, message) => {
  const root = temporaryWorkspace({ dump: 'old' });
  const writing = writeStreamed(join(root, 'dump'), async (output) => {
    if (text === '') return;
    await new Promise((resolve) => output.write(text, resolve));
    throw new Error('broken');
  });
  await expect(writing).rejects.toThrow(message);
  expect(readdirSync(root)).toEqual(['dump']);
  expect(readFileSync(join(root, 'dump'), 'utf8')).toBe('old');
});

it('reports the error of the disk, even if the program that wrote to it complains too', async () => {
  const file = join(temporaryWorkspace(), 'missing', 'dump');
  const writing = writeStreamed(file, async (output) => {
    await new Promise((resolve) => output.once('close', resolve));
    throw new Error('write EPIPE');
  });
  await expect(writing).rejects.toThrow(/ENOENT.*missing/);
});

it(
  'fails at once if everything came, but the file has not taken it yet',
  { timeout: 5_000 },
  async () => {
    const root = temporaryWorkspace();
    const writing = writeStreamed(join(root, 'dump'), async (output) => {
      // More than the streams before the file hold.
      await pipeline(Readable.from(Array.from({ length: 50 }, () => randomBytes(10_000))), output);
      throw new Error('broken');
    });
    await expect(writing).rejects.toThrow(/^broken$/);
    expect(readdirSync(root)).toEqual([]);
  },
);

it('has no hash for a file that does not exist', async () => {
  expect(await hashFile(join(temporaryWorkspace(), 'dump'))).toBeUndefined();
});

it('makes a folder that git ignores, once', async () => {
  const root = temporaryWorkspace({ 'there/a': '' });
  await makeIgnoredFolder(join(root, 'new'));
  await makeIgnoredFolder(join(root, 'there'));
  expect(readFileSync(join(root, 'new/.gitignore'), 'utf8')).toBe('*\n');
  expect(readdirSync(join(root, 'there'))).toEqual(['a']);
});

it('makes a folder for this user only, and never uses an existing one', async () => {
  const folder = join(temporaryWorkspace(), 'a/b');
  await makePrivateFolder(folder);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  await expect(makePrivateFolder(folder)).rejects.toThrow('EEXIST');
});
