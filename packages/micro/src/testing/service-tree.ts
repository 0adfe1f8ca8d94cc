import { addProjectConfiguration, type Tree } from '@nx/devkit';
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';

/** The workspace of the platform `acme` with services in `apps/`, by name with the text of their manifests. */
export function createServiceTree(manifests: Readonly<Record<string, string>>): Tree {
  const tree = createTreeWithEmptyWorkspace({ formatter: 'none' });
  tree.write('package.json', JSON.stringify({ name: '@acme/source' }));
  for (const [name, manifest] of Object.entries(manifests)) addService(tree, name, manifest);
  return tree;
}

export function addService(tree: Tree, name: string, manifest: string): void {
  addProjectConfiguration(tree, name, { root: `apps/${name}` });
  tree.write(`apps/${name}/service.yml`, manifest);
}
