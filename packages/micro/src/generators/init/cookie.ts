import { readJson, type Tree } from '@nx/devkit';
import { editJson } from '../json-text';
import type { WorkspacePackageManager } from '../workspace-tree';

/** Versions of Fastify's test client whose cookie 2 says that it needs Node 22. Of cookie 1.1, they use what 2 has, too. */
const TEST_CLIENT = 'light-my-request@^6.8.0';
const COOKIE = '^1.1.1 || ^2.0.0';

/**
 * Lets npm take a version of `cookie` for the Node that installs, so that an install on Node 20 prints no `EBADENGINE`.
 * Only a lockfile that is written on Node 20 differs by it, so on other versions there is nothing to write. The other
 * package managers take the newest version of a range on each Node, and say nothing.
 */
export function chooseCookieByNode(
  tree: Tree,
  { kind }: WorkspacePackageManager,
  node = process.versions.node,
): void {
  if (kind !== 'npm' || Number(node.split('.')[0]) >= 22) return;
  const { overrides = {} } = readJson<{ overrides?: Record<string, unknown> }>(
    tree,
    'package.json',
  );
  const overridden = Object.keys(overrides).some((spec) =>
    /^(cookie|light-my-request)(@|$)/.test(spec),
  );
  if (overridden) return;
  const path = ['overrides', TEST_CLIENT];
  editJson(tree, 'package.json', [{ path, from: undefined, to: { cookie: COOKIE } }]);
}
