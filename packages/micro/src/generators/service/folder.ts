import type { Tree } from '@nx/devkit';
import ignore from 'ignore';
import { posix } from 'node:path';

/** What is known of the workspace's folders. */
export interface FolderFacts {
  /** Whether a folder has anything in it. */
  isOccupied: (folder: string) => boolean;
  /** The file because of which Nx does not look into a folder; `undefined` if it does. */
  ignoredBy: (folder: string) => string | undefined;
}

export function readFolderFacts(tree: Tree): FolderFacts {
  const lists = ['.gitignore', '.nxignore'].map((file) => ({
    file,
    rules: ignore().add(tree.read(file, 'utf8') ?? ''),
  }));
  return {
    isOccupied: (folder) => tree.children(folder).length > 0,
    ignoredBy: (folder) => lists.find(({ rules }) => rules.ignores(`${folder}/`))?.file,
  };
}

/** `orders` -> apps/orders; `apps/shop/orders` says both. */
export function locate({ name, directory }: { name: string; directory?: string }): {
  name: string;
  root: string;
  problem?: string;
} {
  const given = posix.normalize(name.replaceAll('\\', '/')).replace(/\/$/, '');
  const isPath = given.includes('/');
  const base = posix.basename(given);
  if (isPath && directory !== undefined) {
    const problem = `"${name}" is a folder already: leave out --directory, or give a plain name`;
    return { name: base, root: given, problem };
  }
  const wanted = directory ?? (isPath ? given : `apps/${base}`);
  const root = posix.normalize(wanted.replaceAll('\\', '/')).replace(/^\.\/|\/$/g, '');
  return root === '.' || root.startsWith('..') || root.startsWith('/')
    ? { name: base, root, problem: `"${wanted}" is not a folder below the workspace root` }
    : { name: base, root };
}

/** Why a service cannot be made in a folder, or `undefined` if it can. */
export function folderProblem(
  projects: ReadonlyMap<string, { root: string }>,
  { isOccupied, ignoredBy }: FolderFacts,
  root: string,
): string | undefined {
  const [other] = [...projects].find(([, project]) => project.root === root) ?? [];
  if (other !== undefined) {
    return `${root} is already the project "${other}": choose another folder`;
  }
  if (isOccupied(root)) {
    return `${root} already exists and is not empty: choose another folder`;
  }
  if (root.split('/').includes('node_modules')) {
    return `Nx does not look into node_modules: choose another folder than ${root}`;
  }
  const file = ignoredBy(root);
  return file === undefined
    ? undefined
    : `${root} is ignored by ${file}, so Nx would not see the service: choose another folder`;
}
