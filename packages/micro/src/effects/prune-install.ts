import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pruneNpmLockfile, type NpmWorkspaceManifest } from '../artifact/npm-lockfile';
import type { NpmLockfile } from '../artifact/package-lock';
import { prunePnpmLockfile, type PnpmRoot } from '../artifact/pnpm-lockfile';

/** What an artifact installs: its files, and the packed packages that lie beside them. */
export interface Install {
  /** Name -> text. */
  files: Readonly<Record<string, string>>;
  /** Name -> path in the workspace. */
  tarballs: Readonly<Record<string, string>>;
}

const NPM_LOCKFILE = 'package-lock.json';
const PNPM_LOCKFILE = 'pnpm-lock.yaml';
const PNPM_WORKSPACE = 'pnpm-workspace.yaml';

/**
 * The closure of some packages, taken from the lockfile of the workspace's package manager.
 *
 * @param packages name -> where it lies, relative to the workspace root.
 * @throws where there is no lockfile or it does not have a package.
 */
export function pruneInstall(
  workspaceRoot: string,
  packages: ReadonlyMap<string, string>,
): Install {
  if (packages.size === 0) {
    const { packageJson } = pruneNpmLockfile({ lockfileVersion: 3, packages: {} }, packages);
    return { files: { 'package.json': toJson(packageJson) }, tarballs: {} };
  }
  const has = (file: string) => existsSync(join(workspaceRoot, file));
  const isPnpm = has(PNPM_LOCKFILE) && (!has(NPM_LOCKFILE) || namesPnpm(workspaceRoot));
  if (isPnpm) return prunePnpm(workspaceRoot, packages);
  if (has(NPM_LOCKFILE)) return pruneNpm(workspaceRoot, packages);
  throw new Error(
    `${[...packages.keys()].join(', ')} must be installed in the image, and there is no ${NPM_LOCKFILE} or ${PNPM_LOCKFILE} at the workspace root to take the versions from: run npm install or pnpm install`,
  );
}

/** Writes `package.json`, lockfile and packed packages into the artifact. */
export async function writeInstall(
  workspaceRoot: string,
  directory: string,
  { files, tarballs }: Install,
): Promise<void> {
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
  for (const [name, path] of Object.entries(tarballs)) {
    await copyFile(join(workspaceRoot, path), join(directory, name));
  }
}

function pruneNpm(workspaceRoot: string, packages: ReadonlyMap<string, string>): Install {
  const { packageJson, lockfile, tarballs } = pruneNpmLockfile(
    readJson<NpmLockfile>(workspaceRoot, NPM_LOCKFILE),
    packages,
    readJson<NpmWorkspaceManifest>(workspaceRoot, 'package.json'),
  );
  return {
    files: { 'package.json': toJson(packageJson), [NPM_LOCKFILE]: toJson(lockfile) },
    tarballs,
  };
}

function prunePnpm(workspaceRoot: string, packages: ReadonlyMap<string, string>): Install {
  const workspaceFile = join(workspaceRoot, PNPM_WORKSPACE);
  const { packageJson, lockfile, workspace, tarballs } = prunePnpmLockfile(
    readFileSync(join(workspaceRoot, PNPM_LOCKFILE), 'utf8'),
    new Map([...packages].map(([name, path]) => [name, pnpmRoot(workspaceRoot, path)])),
    {
      packageJson: readJson<{ pnpm?: Record<string, unknown> }>(workspaceRoot, 'package.json'),
      workspace: existsSync(workspaceFile) ? readFileSync(workspaceFile, 'utf8') : undefined,
    },
  );
  return {
    files: {
      'package.json': toJson(packageJson),
      ...(lockfile === undefined ? {} : { [PNPM_LOCKFILE]: lockfile }),
      ...(workspace === undefined ? {} : { [PNPM_WORKSPACE]: workspace }),
    },
    tarballs,
  };
}

function pnpmRoot(workspaceRoot: string, path: string): PnpmRoot {
  const { name, version, optionalDependencies } = readJson<{
    name: string;
    version: string;
    optionalDependencies?: Record<string, string>;
  }>(join(workspaceRoot, path), 'package.json');
  const real = realpathSync(join(workspaceRoot, path)).replaceAll('\\', '/');
  const store = /\/\.pnpm\/([^/]+)\/node_modules\//.exec(real)?.[1];
  const optional = Object.keys(optionalDependencies ?? {});
  return { path, name, version, store, optional };
}

/** With both lockfiles there, package.json decides. */
function namesPnpm(workspaceRoot: string): boolean {
  const { packageManager } = readJson<{ packageManager?: string }>(workspaceRoot, 'package.json');
  return packageManager?.startsWith('pnpm@') ?? false;
}

function readJson<T>(directory: string, file: string): T {
  return JSON.parse(readFileSync(join(directory, file), 'utf8')) as T;
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
