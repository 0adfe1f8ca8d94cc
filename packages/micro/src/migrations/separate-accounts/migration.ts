import { createProjectGraphAsync, logger, type ProjectGraph, type Tree } from '@nx/devkit';
import { posix } from 'node:path';
import { entriesInFormerBackend, withoutFormerBackend } from '../../compose/former-backend';
import { datastoresOf } from '../../compose/datastore';
import { FORMER_BACKEND_NETWORK, ROOT_COMPOSE_FILE } from '../../compose/paths';
import { librariesInGraph } from '../../generators/sync/libraries';
import { syncWorkspace } from '../../generators/sync/sync-workspace';
import { readTreePlatform } from '../../generators/workspace-tree';

const ENV_STEP = `Run "npx micro env": it adds the passwords of the new accounts to .env, and keeps those that are there.
Then deploy as usual, also one service at a time. A deploy creates the accounts in the databases and the broker that
are running and connects them to their new networks. It stops none of them.`;

const MYSQL_STEP = `MySQL and MariaDB have to be restarted once, some seconds each, as their images let nobody make accounts later.
The deploy of their service stops before it changes anything and prints the command, of `;

/**
 * Gives each service accounts of its own at its database and the broker, and each owner of datastores a network of its
 * own. Compose files, `.serve.env` and `src/resources.ts` are brought there as by `nx sync`; this also removes the one
 * network that all datastores shared, and tells who else is in it.
 */
export async function separateAccounts(
  tree: Tree,
  _options?: unknown,
  readGraph: () => Promise<ProjectGraph> = createProjectGraphAsync,
): Promise<void> {
  if (!tree.exists(ROOT_COMPOSE_FILE)) return;
  const graph = await readGraph();
  const changed = syncWorkspace(tree, {
    librariesOf: (service, platform) => librariesInGraph(graph, platform, service),
  });
  const others = composeFiles(tree).flatMap((path) =>
    entriesInFormerBackend(path, tree.read(path, 'utf8')!).map((name) => `${path}: ${name}`),
  );
  if (others.length > 0) {
    logger.warn(
      `These entries of yours are in the network "${FORMER_BACKEND_NETWORK}", which has no datastores any more. ` +
        `Have each join the network of the datastore that it needs, such as "orders-data", or "broker":\n` +
        others.map((line) => `  ${line}`).join('\n'),
    );
  } else {
    const root = withoutFormerBackend(ROOT_COMPOSE_FILE, tree.read(ROOT_COMPOSE_FILE, 'utf8')!);
    if (root.drift.length > 0) tree.write(root.path, root.text);
  }
  if (changed.length === 0) return;
  const restarted = readTreePlatform(tree).services.flatMap((service) =>
    datastoresOf(service)
      .filter(({ engine }) => engine === 'mysql' || engine === 'mariadb')
      .map(({ name }) => name),
  );
  logger.info(
    restarted.length > 0 ? `${ENV_STEP}\n${MYSQL_STEP}${restarted.join(', ')}.` : ENV_STEP,
  );
}

/** Every compose file below the root that a person may have written entries into. */
function composeFiles(tree: Tree): string[] {
  const isCompose = (path: string) => /(?:^|[./-])compose\.ya?ml$/.test(path);
  const found: string[] = [];
  const visit = (folder: string, depth: number) => {
    for (const name of tree.children(folder)) {
      const path = posix.join(folder, name);
      if (name === 'node_modules' || name === 'dist' || name.startsWith('.')) continue;
      if (tree.isFile(path)) {
        if (isCompose(path)) found.push(path);
      } else if (depth > 0) visit(path, depth - 1);
    }
  };
  visit('.', DEPTH);
  return found;
}

/** `apps/group/orders/compose.yaml` and `environments/production.compose.yaml` are deep enough. */
const DEPTH = 4;
