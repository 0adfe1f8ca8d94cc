import { createHash } from 'node:crypto';
import { unzipSync } from 'fflate';
import { afterEach, expect, it, vi } from 'vitest';
import { functionZip, type FunctionFile } from './function-zip';

const file = (path: string, text: string, executable = false): FunctionFile => ({
  path,
  content: Buffer.from(text),
  executable,
});
const files = [
  file('package.json', '{}'),
  file('main.js', 'export const handler = 1;'.repeat(99)),
  file('bin/tool', '#!/bin/sh\n', true),
];

afterEach(() => void vi.unstubAllEnvs());

it('holds every file as it is', () => {
  const unzipped = unzipSync(functionZip(files));
  expect(Object.keys(unzipped)).toEqual(['bin/tool', 'main.js', 'package.json']);
  for (const { path, content } of files) {
    expect(Buffer.from(unzipped[path]!)).toEqual(Buffer.from(content));
  }
});

it('is the same bytes in any order, at any time and in any time zone', () => {
  const zip = functionZip(files);
  // Pinned, because Lambda compares this hash: another one uploads a function that did not change.
  expect(createHash('sha256').update(zip).digest('hex')).toMatchInlineSnapshot(
    `"4c3554a144f8fd778bc718c26b08087e082cf7023eb5245f903b6979d5efc455"`,
  );
  for (const zone of ['America/New_York', 'Asia/Tokyo', 'Europe/Zurich']) {
    vi.stubEnv('TZ', zone);
    expect(functionZip([...files].reverse())).toEqual(zip);
  }
});

it('differs if a file does, in its content or in whether it can be executed', () => {
  const zips = [
    files,
    [...files, file('more', '')],
    files.map((one) => ({ ...one, executable: false })),
  ].map((list) => Buffer.from(functionZip(list)).toString('base64'));
  expect(new Set(zips).size).toBe(3);
});

it('lets every user read the files', () => {
  // The last 2 of 4 bytes of the external attributes in the central directory are the mode of Unix.
  const zip = Buffer.from(functionZip([file('main.js', ''), file('tool', '#!', true)]));
  const modes: string[] = [];
  for (let at = zip.indexOf('PK\x01\x02'); at >= 0; at = zip.indexOf('PK\x01\x02', at + 1)) {
    modes.push((zip.readUInt32LE(at + 38) >>> 16).toString(8));
  }
  expect(modes).toEqual(['100644', '100755']);
});
