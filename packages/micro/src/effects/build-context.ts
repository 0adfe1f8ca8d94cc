import ignore from '@balena/dockerignore';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import { globSync } from 'tinyglobby';
import type { KeyFile } from '../image/image-key';
import { listFiles, readKeyFiles } from './files';

const LARGE_FOLDERS = new Set(['node_modules', '.git', '.nx']);

/**
 * The files of the main context that a build reads: those that its COPY and ADD name and its dockerignore lets through.
 * Nothing is read if the Dockerfile copies nothing from it.
 */
export async function readContextFiles(
  workspaceRoot: string,
  { context, dockerfile }: { context: string; dockerfile: string },
  paths: readonly string[],
): Promise<KeyFile[]> {
  if (paths.length === 0) return [];
  const root = join(workspaceRoot, context);
  const ignored = ignore().add(ignoreRules(workspaceRoot, root, dockerfile));
  // A dockerignore rule may let single files of an ignored folder through, so ignored folders are read, too. Only
  // these large folders are skipped: our allow-list never reaches into them.
  const enter = (folder: string) =>
    !LARGE_FOLDERS.has(posix.basename(folder)) || !ignored.ignores(`${folder}/any`);
  const found = new Set<string>();
  for (const path of paths) {
    for (const source of expand(root, path)) {
      const file = join(root, source);
      if (!statSync(file).isDirectory()) found.add(source);
      else {
        const below = await listFiles(file, (folder) => enter(posix.join(source, folder)));
        below.forEach((name) => found.add(posix.join(source, name)));
      }
    }
  }
  return readKeyFiles(root, ignored.filter([...found].sort()));
}

/** BuildKit prefers `<Dockerfile>.dockerignore` to the `.dockerignore` of the context. */
function ignoreRules(workspaceRoot: string, root: string, dockerfile: string): string[] {
  const file = [
    join(workspaceRoot, `${dockerfile}.dockerignore`),
    join(root, '.dockerignore'),
  ].find(existsSync);
  return file ? readFileSync(file, 'utf8').split(/\r?\n/) : [];
}

function expand(root: string, path: string): string[] {
  const relative = posix.normalize(path).replace(/^\/+/, '').replace(/\/$/, '') || '.';
  if (existsSync(join(root, relative))) return [relative];
  return globSync(relative, {
    cwd: root,
    dot: true,
    onlyFiles: false,
    expandDirectories: false,
  }).map((match) => match.replace(/\/$/, ''));
}
