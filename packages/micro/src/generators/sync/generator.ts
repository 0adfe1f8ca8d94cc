import { createProjectGraphAsync, formatFiles, type ProjectGraph, type Tree } from '@nx/devkit';
import type { DerivedFile } from '../../platform/derived-file';
import { librariesInGraph } from './libraries';
import { syncWorkspace } from './sync-workspace';

/** What Nx takes from a sync generator; its own type is not in the public entry of @nx/devkit. */
export interface SyncResult {
  outOfSyncMessage: string;
  outOfSyncDetails: string[];
}

/**
 * Behind `nx sync`: derives compose files, discovery variables and build contexts.
 *
 * @param readGraph stands in for the project graph in specs: Nx passes the tree alone.
 * @returns what had drifted; nothing if all files were up to date.
 */
export async function syncGenerator(
  tree: Tree,
  _options?: unknown,
  readGraph: () => Promise<ProjectGraph> = createProjectGraphAsync,
): Promise<SyncResult | undefined> {
  const graph = await readGraph();
  const drifted = syncWorkspace(tree, {
    librariesOf: (service, platform) => librariesInGraph(graph, platform, service),
  });
  if (drifted.length === 0) return undefined;
  await formatFiles(modulesOf(tree, drifted));
  return {
    outOfSyncMessage: "Some files do not match the services' manifests.",
    outOfSyncDetails: drifted.flatMap(({ path, drift }) => drift.map((line) => `${path}: ${line}`)),
  };
}

/**
 * The tree, with only the derived modules to be formatted: they are ours as a whole, while the other derived files are
 * edits in what a person wrote. `formatFiles` also looks there for settings that are not on disk yet.
 */
function modulesOf(tree: Tree, drifted: readonly DerivedFile[]): Tree {
  const modules = drifted.map(({ path }) => path).filter((path) => path.endsWith('.ts'));
  const formatted = new Set([...modules, '.prettierrc']);
  const listChanges = () => tree.listChanges().filter(({ path }) => formatted.has(path));
  return Object.create(tree, { listChanges: { value: listChanges } }) as Tree;
}

export default syncGenerator;
