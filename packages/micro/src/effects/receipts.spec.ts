import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { temporaryWorkspace } from '../testing/temporary-workspace';
import { fileReader } from './files';
import { isConfirmedSince, readReceipt, writeReceipt } from './receipts';

const schema = z.object({ a: z.number(), since: z.string() });
const FILE = 'dist/receipts/apps/orders/step.json';

it.each([
  ['none', {}],
  ['half of one', { [FILE]: '{ "a": 1, "sin' }],
  ['one of another shape', { [FILE]: '{ "a": "1" }' }],
])('there is none for %s', async (_, files) => {
  expect(await readReceipt(temporaryWorkspace(files), FILE, schema)).toBeUndefined();
});

it('is not rewritten if only the time would differ', async () => {
  const root = temporaryWorkspace();
  const write = async (a: number, since: string) =>
    writeReceipt(root, FILE, { a, since }, await readReceipt(root, FILE, schema));
  await write(1, 'monday');
  await write(1, 'tuesday');
  expect(await readReceipt(root, FILE, schema)).toEqual({ a: 1, since: 'monday' });
  await write(2, 'wednesday');
  expect(fileReader(root)(FILE)).toBe('{\n  "a": 2,\n  "since": "wednesday"\n}\n');
});

it('is confirmed even if it is not rewritten, but not by a step that failed', async () => {
  const root = temporaryWorkspace({ [FILE]: '{ "a": 1, "since": "monday" }' });
  utimesSync(join(root, FILE), 0, 0);
  const before = Date.now() - 1000;
  expect(await isConfirmedSince(root, FILE, before)).toBe(false);
  const receipt = { a: 1, since: 'tuesday' };
  await writeReceipt(root, FILE, receipt, { a: 1, since: 'monday' });
  expect(await isConfirmedSince(root, FILE, before)).toBe(true);
  expect(await isConfirmedSince(root, 'dist/none.json', before)).toBe(false);
});

it('fails if the file cannot be read, instead of reporting that there is none', async () => {
  const root = temporaryWorkspace({ [join(FILE, 'x')]: '' });
  await expect(readReceipt(root, FILE, schema)).rejects.toThrow('EISDIR');
});
