import { createProjectGraphAsync, type ProjectGraph, type Tree } from '@nx/devkit';
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
 * @returns what had drifted, or nothing where all was in step.
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
  return {
    outOfSyncMessage: "Some files do not say what the services' manifests say.",
    outOfSyncDetails: drifted.flatMap(({ path, drift }) => drift.map((line) => `${path}: ${line}`)),
  };
}

export default syncGenerator;
