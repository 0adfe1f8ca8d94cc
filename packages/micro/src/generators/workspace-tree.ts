import {
  detectPackageManager,
  getPackageManagerVersion,
  getProjects,
  readJson,
  type Tree,
} from '@nx/devkit';
import { parse } from 'yaml';
import { environmentOfFile, ENVIRONMENTS_FOLDER } from '../platform/environment-file';
import { UserError } from '../platform/user-error';
import type { Platform } from '../platform/platform';
import { DEFAULT_MANAGER_VERSIONS } from './versions';
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

/** The package manager of a workspace; npm comes with Node, the others are installed in an image. */
export type WorkspacePackageManager =
  { kind: 'npm' } | { kind: 'pnpm' | 'yarn' | 'bun'; version: string };

/** @throws for a package manager that images cannot be built with. */
export function readPackageManager(tree: Tree): WorkspacePackageManager {
  const { packageManager = '' } = readJson<{ packageManager?: string }>(tree, 'package.json');
  const [, named, written] = /^(npm|pnpm|yarn|bun)@(\d[^+]*)/.exec(packageManager) ?? [];
  const kind = (named ?? lockfileOwner(tree) ?? detectPackageManager(tree.root)) as
    'npm' | keyof typeof DEFAULT_MANAGER_VERSIONS;
  if (kind === 'npm') return { kind };
  const version = written ?? installedVersion(kind, tree.root);
  const refusal = refusalOf(tree, kind, version);
  if (refusal !== undefined) throw new UserError(`${refusal}${howToUndoAdd(tree, kind)}`);
  return { kind, version };
}

function refusalOf(tree: Tree, kind: string, version: string): string | undefined {
  if (kind === 'yarn' && Number(version.split('.')[0]) < 4) {
    return `This workspace uses Yarn ${version}, and images are built with Yarn 4 or later: run "yarn set version stable"`;
  }
  const linker = kind === 'yarn' ? yarnLinker(tree) : NODE_MODULES;
  if (linker !== NODE_MODULES && linker !== 'pnp') {
    return `This workspace uses "nodeLinker: ${String(linker)}" of Yarn, which is not supported: set "nodeLinker: ${NODE_MODULES}" in .yarnrc.yml and run "yarn install"`;
  }
  return kind === 'bun' && tree.exists('bun.lockb') && !tree.exists('bun.lock')
    ? 'This workspace has the binary lockfile bun.lockb, which cannot be pruned for an image: run "bun install --save-text-lockfile" and remove bun.lockb'
    : undefined;
}

const NODE_MODULES = 'node-modules';

/** Plug'n'Play is what Yarn does if nothing else is set. */
export function yarnLinker(tree: Tree): unknown {
  const settings = parse(tree.read('.yarnrc.yml', 'utf8') ?? '') as { nodeLinker?: unknown } | null;
  return settings?.nodeLinker ?? 'pnp';
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
    ? `. "nx add" has already installed @org/micro: remove it from package.json and the lockfile with "${packageManager} remove @org/micro"`
    : '';
}

/** What wrote the lockfile is most likely what is on this machine. */
function installedVersion(
  kind: keyof typeof DEFAULT_MANAGER_VERSIONS,
  workspaceRoot: string,
): string {
  try {
    return getPackageManagerVersion(kind, workspaceRoot);
  } catch {
    return DEFAULT_MANAGER_VERSIONS[kind];
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
