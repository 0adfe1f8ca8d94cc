import { addDependenciesToPackageJson, readJson, type Tree } from '@nx/devkit';
import { WORKSPACE_VERSIONS } from './versions';
import { readPackageManager, yarnLinker } from './workspace-tree';

type Tool = keyof typeof WORKSPACE_VERSIONS;

/**
 * Development packages that a project must declare itself, in the version of the workspace. With Yarn's Plug'n'Play,
 * packages of the root are not visible in projects; otherwise there are none.
 */
export function ownTools(tree: Tree, names: readonly Tool[]): Record<string, string> {
  if (!usesPlugAndPlay(tree)) return {};
  const { dependencies, devDependencies } = readJson<Record<string, Record<string, string>>>(
    tree,
    'package.json',
  );
  const versions = { ...WORKSPACE_VERSIONS, ...dependencies, ...devDependencies };
  return Object.fromEntries(names.map((name) => [name, versions[name]]));
}

/** Adds programs that a target starts by name: with Plug'n'Play, tasks of `yarn nx` only find those of the root. */
export function declareRootTools(tree: Tree, versions: Readonly<Record<string, string>>): void {
  if (usesPlugAndPlay(tree)) addDependenciesToPackageJson(tree, {}, versions, undefined, true);
}

/** Whether packages are installed without `node_modules`, as Yarn does unless told otherwise. */
export function usesPlugAndPlay(tree: Tree): boolean {
  return readPackageManager(tree).kind === 'yarn' && yarnLinker(tree) === 'pnp';
}
