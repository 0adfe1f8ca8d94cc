import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../platform/user-error';
import { writeWhole } from './files';

/**
 * Updates a folder to what was rendered: writes what differs, and removes files of an earlier rendering. Other files in
 * the folder stay.
 *
 * @param files each with the first line that marks it as rendered.
 * @returns the paths that changed, sorted.
 * @throws {UserError} if a file that was not rendered has the name of a rendered one. Then nothing was changed.
 */
export async function replaceRendered(
  folder: string,
  files: readonly { path: string; text: string }[],
): Promise<string[]> {
  const wanted = new Map(files.map(({ path, text }) => [path, text]));
  const [mark = ''] = files[0]?.text.split('\n', 1) ?? [];
  const present = new Map<string, string>();
  for (const name of await namesIn(folder)) {
    if (name.endsWith('.yaml')) present.set(name, await readFile(join(folder, name), 'utf8'));
  }
  const foreign = [...wanted.keys()].filter(
    (path) => present.get(path)?.startsWith(mark) === false,
  );
  if (foreign.length > 0) {
    throw new UserError(
      `${foreign.map((path) => join(folder, path)).join(', ')}: not written by "micro render", so it is not replaced. Move it, or render to another folder`,
    );
  }
  const changed = [...wanted].filter(([path, text]) => present.get(path) !== text);
  for (const [path, text] of changed) await writeWhole(join(folder, path), text);
  const stale = [...present].filter(([path, text]) => !wanted.has(path) && text.startsWith(mark));
  for (const [path] of stale) await rm(join(folder, path));
  return [...changed, ...stale].map(([path]) => path).sort();
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
