import { readJson, type Tree } from '@nx/devkit';
import { isSeq, parseDocument } from 'yaml';
import { editJson } from './json-text';
import type { WorkspacePackageManager } from './workspace-tree';

const PNPM_WORKSPACE = 'pnpm-workspace.yaml';

/** Makes the packages directly below `folder` (`apps`) packages of the workspace. */
export function coverFolder(tree: Tree, { kind }: WorkspacePackageManager, folder: string): void {
  if (kind === 'pnpm') coverInPnpm(tree, folder);
  else coverInPackageJson(tree, folder);
}

/** Whether a package directly below `folder` is matched: `apps/*`, `apps/**`, and the like. */
export function coversFolder(globs: readonly string[], folder: string): boolean {
  const forms = [`${folder}/*`, `${folder}/**`, `${folder}/**/*`, '**', '**/*'];
  if (!folder.includes('/')) forms.push('*/*');
  return globs.some((glob) => forms.includes(glob.replace(/^\.\//, '').replace(/\/$/, '')));
}

function coverInPackageJson(tree: Tree, folder: string): void {
  const { workspaces = [] } = readJson<{ workspaces?: string[] | { packages?: string[] } }>(
    tree,
    'package.json',
  );
  const listed = Array.isArray(workspaces) ? workspaces : (workspaces.packages ?? []);
  if (coversFolder(listed, folder)) return;
  const path = Array.isArray(workspaces) ? ['workspaces'] : ['workspaces', 'packages'];
  editJson(tree, 'package.json', [{ path, from: listed, to: [...listed, `${folder}/*`] }]);
}

function coverInPnpm(tree: Tree, folder: string): void {
  const document = parseDocument(tree.read(PNPM_WORKSPACE, 'utf8') ?? '');
  const packages = document.get('packages');
  const listed = isSeq(packages) ? packages.toJSON().map(String) : [];
  if (coversFolder(listed, folder)) return;
  if (isSeq(packages)) packages.add(document.createNode(`${folder}/*`));
  else document.set('packages', [`${folder}/*`]);
  tree.write(PNPM_WORKSPACE, document.toString({ lineWidth: 0, flowCollectionPadding: false }));
}
