import { globSync } from 'tinyglobby';

/** Files below `directory` that match the globs, relative to it, sorted; never node_modules. */
export function findAssets(directory: string, globs: readonly string[]): string[] {
  if (globs.length === 0) return [];
  return globSync([...globs], {
    cwd: directory,
    dot: true,
    expandDirectories: true,
    ignore: ['**/node_modules/**'],
  }).sort();
}
