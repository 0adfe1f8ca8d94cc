import { readJson, type Tree } from '@nx/devkit';
import { minimatch } from 'minimatch';
import { isSeq, parseDocument } from 'yaml';
import { editJson } from './json-text';
import type { WorkspacePackageManager } from './workspace-tree';

const PNPM_WORKSPACE = 'pnpm-workspace.yaml';

/** Makes the packages directly below `folder` (`apps`) packages of the workspace. */
export function coverFolder(tree: Tree, { kind }: WorkspacePackageManager, folder: string): void {
  if (kind === 'pnpm') coverInPnpm(tree, folder);
  else coverInPackageJson(tree, folder);
}

/** Whether a new package directly below `folder` is matched, as npm, pnpm and Yarn read the globs: `!` excludes. */
export function coversFolder(globs: readonly string[], folder: string): boolean {
  const path = `${folder}/a-new-package`;
  const matches = (glob: string) =>
    minimatch(path, glob.replace(/^\.\//, '').replace(/\/$/, ''), { nonegate: true });
  const excluded = globs.filter((glob) => glob.startsWith('!')).map((glob) => glob.slice(1));
  return !excluded.some(matches) && globs.some((glob) => !glob.startsWith('!') && matches(glob));
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
