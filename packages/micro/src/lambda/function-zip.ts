import { zipSync, type Zippable } from 'fflate';

/** A file of the function: its path in the zip, with forward slashes. */
export interface FunctionFile {
  path: string;
  content: Uint8Array;
  executable: boolean;
}

const UNIX = 3;
const REGULAR_FILE = 0o100000;

/**
 * The zip of a function. The same files give the same bytes, on any machine: in the order of their paths, with one time,
 * and compressed by JavaScript, because the zlib of Node compresses differently from version to version.
 */
export function functionZip(files: readonly FunctionFile[]): Uint8Array {
  // The first time that a zip can name: local time, as zips have no time zone.
  const mtime = new Date(1980, 0, 1);
  const sorted = [...files].sort((a, b) => (a.path < b.path ? -1 : 1));
  const entries: Zippable = {};
  for (const { path, content, executable } of sorted) {
    // Lambda reads the files as a user of its own.
    const mode = REGULAR_FILE | (executable ? 0o755 : 0o644);
    entries[path] = [content, { mtime, level: 9, os: UNIX, attrs: mode * 0x10000 }];
  }
  return zipSync(entries);
}
