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
  const { foreign, changed, added, stale } = await compareRendered(folder, files);
  requireOurs(folder, foreign);
  const texts = new Map(files.map(({ path, text }) => [path, text]));
  const written = [...changed, ...added];
  for (const path of written) await writeWhole(join(folder, path), texts.get(path)!);
  for (const path of stale) await rm(join(folder, path));
  return [...written, ...stale].sort();
}

/** How a folder differs from what is rendered now; each a list of paths, sorted. */
interface RenderedDifference {
  /** Other files that have the name of a rendered one. */
  foreign: string[];
  changed: string[];
  added: string[];
  /** Of an earlier rendering. */
  stale: string[];
}

/** @param files each with the first line that marks it as rendered. */
export async function compareRendered(
  folder: string,
  files: readonly { path: string; text: string }[],
): Promise<RenderedDifference> {
  const wanted = new Map(files.map(({ path, text }) => [path, text]));
  const [mark = ''] = files[0]?.text.split('\n', 1) ?? [];
  const present = new Map<string, string>();
  for (const name of await namesIn(folder)) {
    if (name.endsWith('.yaml')) present.set(name, await readFile(join(folder, name), 'utf8'));
  }
  const paths = [...wanted.keys()].sort();
  const isOurs = (path: string) => present.get(path)?.startsWith(mark) === true;
  return {
    foreign: paths.filter((path) => present.has(path) && !isOurs(path)),
    changed: paths.filter((path) => isOurs(path) && present.get(path) !== wanted.get(path)),
    added: paths.filter((path) => !present.has(path)),
    stale: [...present.keys()].filter((path) => !wanted.has(path) && isOurs(path)).sort(),
  };
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/**
 * The same for files that have no room for a mark: a list among them, of an earlier rendering, says which are ours.
 *
 * @param list the path of that list, whose JSON has the others as `files`.
 * @returns the paths that changed, sorted; the list is none of them.
 * @throws {UserError} if a file that was not rendered has the name of a rendered one. Then nothing was changed.
 */
export async function replaceListed(
  folder: string,
  files: readonly { path: string; text: string }[],
  list: string,
): Promise<string[]> {
  const wanted = new Map(files.map(({ path, text }) => [path, text]));
  const names = await namesIn(folder);
  const listed = names.includes(list)
    ? listedIn(await readFile(join(folder, list), 'utf8'))
    : undefined;
  // Only names of this folder, whatever the list says.
  const ours = listed?.filter((path) => names.includes(path)) ?? [];
  const foreign = names.filter((path) => {
    return wanted.has(path) && (path === list ? listed === undefined : !ours.includes(path));
  });
  requireOurs(folder, foreign);
  const changed = [];
  for (const [path, text] of wanted) {
    const isNew = !names.includes(path) || (await readFile(join(folder, path), 'utf8')) !== text;
    if (isNew) changed.push(path);
  }
  // The list first: a rendering that is killed leaves no file behind that is not in it.
  const inOrder = [...changed].sort((a, b) => Number(b === list) - Number(a === list));
  for (const path of inOrder) await writeWhole(join(folder, path), wanted.get(path)!);
  const stale = ours.filter((path) => !wanted.has(path));
  for (const path of stale) await rm(join(folder, path));
  return [...changed, ...stale].filter((path) => path !== list).sort();
}

/** The files that an earlier rendering lists; `undefined` if it is no list of ours. */
function listedIn(text: string): string[] | undefined {
  try {
    const { writtenBy, files } = JSON.parse(text) as { writtenBy?: string; files?: string[] };
    return writtenBy === 'micro render' && Array.isArray(files) ? files : undefined;
  } catch {
    return undefined;
  }
}

function requireOurs(folder: string, foreign: readonly string[]): void {
  if (foreign.length === 0) return;
  throw new UserError(
    `${foreign.map((path) => join(folder, path)).join(', ')}: not written by "micro render", so it is not replaced. Move it, or render to another folder`,
  );
}
