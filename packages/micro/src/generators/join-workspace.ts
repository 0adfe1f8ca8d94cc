import { getProjects, readJson, type Tree } from '@nx/devkit';
import { posix } from 'node:path';
import { UserError } from '../platform/user-error';
import { editJson } from './json-text';
import { coverFolder } from './workspace-globs';
import type { WorkspacePackageManager } from './workspace-tree';

interface NewProject {
  name: string;
  root: string;
  packageManager: WorkspacePackageManager;
  /** Whether its package.json was just written: Nx then knows it already, the package manager does not. */
  isNew: boolean;
}

/** Makes packages known to the package manager and, if the workspace has them, to project references. */
export function joinWorkspace(tree: Tree, added: readonly NewProject[]): void {
  const before = getProjects(tree);
  for (const { name, root, packageManager, isNew } of added) {
    if (isNew || !before.has(name)) coverFolder(tree, packageManager, posix.dirname(root));
  }
  const after = getProjects(tree);
  const left = added.find(({ name }) => !after.has(name));
  if (left) {
    throw new UserError(
      `${left.root} is not a package of this workspace: a negated glob in its "workspaces" leaves it out`,
    );
  }
  for (const { root } of added) addReference(tree, 'tsconfig.json', root);
}

/** Adds a project to the references of a tsconfig.json that has some; `root` is relative to the workspace. */
export function addReference(tree: Tree, file: string, root: string): void {
  if (!tree.exists(file)) return;
  const { references } = readJson<{ references?: { path: string }[] }>(tree, file);
  if (!references) return;
  const folder = posix.dirname(file);
  const isListed = references.some(({ path }) => posix.join(folder, path) === root);
  const relative = posix.relative(folder, root);
  const path = relative.startsWith('.') ? relative : `./${relative}`;
  editJson(tree, file, [
    {
      path: ['references'],
      from: references,
      to: isListed ? references : [...references, { path }],
    },
  ]);
}
