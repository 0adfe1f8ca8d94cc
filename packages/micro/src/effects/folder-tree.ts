import { mkdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';

/** Makes nested folders with a time of 1970, like the files that images install, and returns the outermost. */
export async function makeFolderTree(outer: string, ...inner: string[]): Promise<string> {
  const folders = inner.map((_, index) => join(outer, ...inner.slice(0, index + 1)));
  await mkdir(folders.at(-1) ?? outer, { recursive: true });
  for (const folder of [outer, ...folders].reverse()) await utimes(folder, 0, 0);
  return outer;
}
