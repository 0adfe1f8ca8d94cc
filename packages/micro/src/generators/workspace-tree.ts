import {
  detectPackageManager,
  getPackageManagerVersion,
  getProjects,
  readJson,
  type Tree,
} from '@nx/devkit';
import { environmentOfFile, ENVIRONMENTS_FOLDER } from '../platform/environment-file';
import { UserError } from '../platform/user-error';
import type { Platform } from '../platform/platform';
import { DEFAULT_PNPM_VERSION } from './versions';
import { readPlatform, type ProjectLocation } from '../platform/workspace';

/** The platform as it stands in a generator's tree. */
export function readTreePlatform(tree: Tree): Platform {
  return readPlatform(projectLocations(tree), (path) => tree.read(path, 'utf8') ?? undefined);
}

/** The text of an environment's file by its path. */
export type EnvironmentTexts = Record<string, string>;

/** What is in `environments/`, Compose files aside. */
export function readTreeEnvironments(tree: Tree): EnvironmentTexts {
  const files = tree.children(ENVIRONMENTS_FOLDER).filter(environmentOfFile);
  return Object.fromEntries(
    files.map((file) => {
      const path = `${ENVIRONMENTS_FOLDER}/${file}`;
      return [path, tree.read(path, 'utf8') ?? ''];
    }),
  );
}

export function projectLocations(tree: Tree): ProjectLocation[] {
  return [...getProjects(tree)].map(([name, { root }]) => ({ name, root }));
}

export type WorkspacePackageManager = { kind: 'npm' } | { kind: 'pnpm'; version: string };

/** @throws for a package manager that images cannot be built with yet. */
export function readPackageManager(tree: Tree): WorkspacePackageManager {
  const { packageManager = '' } = readJson<{ packageManager?: string }>(tree, 'package.json');
  const [, named, version] = /^(npm|pnpm|yarn|bun)@(\d[^+]*)/.exec(packageManager) ?? [];
  const kind = named ?? lockfileOwner(tree) ?? detectPackageManager(tree.root);
  if (kind !== 'npm' && kind !== 'pnpm') {
    throw new UserError(
      `This workspace uses ${kind}, which is not supported yet: use npm or pnpm (package.json "packageManager", or their lockfile)${howToUndoAdd(tree, kind)}`,
    );
  }
  return kind === 'npm' ? { kind } : { kind, version: version ?? installedPnpm(tree.root) };
}

/** `nx add` installs before it calls `init`, so a refusal leaves the package in package.json and the lockfile. */
function howToUndoAdd(tree: Tree, packageManager: string): string {
  const { dependencies, devDependencies } = readJson<Record<string, Record<string, string>>>(
    tree,
    'package.json',
  );
  const isAdded = '@org/micro' in { ...dependencies, ...devDependencies };
  const isSetUp = tree.read('nx.json', 'utf8')?.includes('@org/micro') ?? false;
  return isAdded && !isSetUp
    ? `. "nx add" has installed @org/micro all the same: take it out of package.json and the lockfile with "${packageManager} remove @org/micro"`
    : '';
}

/** The pnpm that wrote the lockfile is most likely the one on this machine. */
function installedPnpm(workspaceRoot: string): string {
  try {
    return getPackageManagerVersion('pnpm', workspaceRoot);
  } catch {
    return DEFAULT_PNPM_VERSION;
  }
}

const LOCKFILES = [
  ['package-lock.json', 'npm'],
  ['pnpm-lock.yaml', 'pnpm'],
  ['pnpm-workspace.yaml', 'pnpm'],
  ['yarn.lock', 'yarn'],
  ['bun.lock', 'bun'],
  ['bun.lockb', 'bun'],
] as const;

function lockfileOwner(tree: Tree): string | undefined {
  return LOCKFILES.find(([file]) => tree.exists(file))?.[1];
}
