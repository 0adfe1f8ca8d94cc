import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { pruneBunLockfile, type BunWorkspaceManifest } from '../artifact/bun-lockfile';
import { pruneNpmLockfile, type NpmWorkspaceManifest } from '../artifact/npm-lockfile';
import { ignoresPeers, pruneNpmrc, readAllowedSources } from '../artifact/npmrc';
import type { NpmLockfile } from '../artifact/package-lock';
import { prunePnpmLockfile, type PnpmRoot } from '../artifact/pnpm-lockfile';
import { pruneYarnLockfile, type YarnWorkspaceManifest } from '../artifact/yarn-lockfile';
import type { YarnSettings } from '../artifact/yarn-settings';
import { findInstallScripts } from './install-scripts';

/** The files that an artifact needs for its install, and the packed packages beside them. */
export interface Install {
  /** File name -> content. */
  files: Readonly<Record<string, string>>;
  /** File name -> path in the workspace. */
  tarballs: Readonly<Record<string, string>>;
}

const LOCKFILES = {
  npm: 'package-lock.json',
  pnpm: 'pnpm-lock.yaml',
  yarn: 'yarn.lock',
  bun: 'bun.lock',
} as const;
const YARN_SETTINGS = '.yarnrc.yml';
const PNPM_WORKSPACE = 'pnpm-workspace.yaml';
const NPMRC = '.npmrc';

/**
 * Some packages and all their dependencies, taken from the lockfile of the workspace's package manager.
 *
 * @param packages name -> folder, relative to the workspace root.
 * @param projectRoot of the service.
 * @throws if there is no lockfile, or a package is not in it.
 */
export function pruneInstall(
  workspaceRoot: string,
  packages: ReadonlyMap<string, string>,
  projectRoot: string,
): Install {
  if (packages.size === 0) {
    const { packageJson } = pruneNpmLockfile({ lockfileVersion: 3, packages: {} }, packages);
    return { files: { 'package.json': toJson(packageJson) }, tarballs: {} };
  }
  switch (lockfileOwner(workspaceRoot)) {
    case 'npm':
      return pruneNpm(workspaceRoot, packages);
    case 'pnpm':
      return prunePnpm(workspaceRoot, packages);
    case 'yarn':
      return pruneYarn(workspaceRoot, packages, projectRoot);
    case 'bun':
      return pruneBun(workspaceRoot, packages);
    default:
      throw new Error(
        `${[...packages.keys()].join(', ')} must be installed in the image, but there is no ${Object.values(LOCKFILES).join(', ')} at the workspace root with their versions: run the install command of your package manager`,
      );
  }
}

type PackageManager = keyof typeof LOCKFILES;

/** If there are several lockfiles, package.json decides. */
function lockfileOwner(workspaceRoot: string): PackageManager | undefined {
  const there = (Object.keys(LOCKFILES) as PackageManager[]).filter((owner) =>
    existsSync(join(workspaceRoot, LOCKFILES[owner])),
  );
  if (there.length < 2) return there[0];
  const { packageManager } = readJson<{ packageManager?: string }>(workspaceRoot, 'package.json');
  return there.find((owner) => packageManager?.startsWith(`${owner}@`)) ?? there[0];
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
  const npmrc = readText(workspaceRoot, NPMRC);
  const { packageJson, lockfile, tarballs } = pruneNpmLockfile(
    readJson<NpmLockfile>(workspaceRoot, LOCKFILES.npm),
    packages,
    {
      ...readJson<NpmWorkspaceManifest>(workspaceRoot, 'package.json'),
      ignoresPeers: ignoresPeers(npmrc),
      allowed: readAllowedSources(npmrc),
    },
  );
  return {
    files: {
      'package.json': toJson(packageJson),
      [LOCKFILES.npm]: toJson(lockfile),
      ...npmrcOf(workspaceRoot),
    },
    tarballs,
  };
}

function prunePnpm(workspaceRoot: string, packages: ReadonlyMap<string, string>): Install {
  const { packageJson, lockfile, workspace, tarballs } = prunePnpmLockfile(
    readFileSync(join(workspaceRoot, LOCKFILES.pnpm), 'utf8'),
    new Map([...packages].map(([name, path]) => [name, installedRoot(workspaceRoot, path)])),
    {
      packageJson: readJson<{ pnpm?: Record<string, unknown> }>(workspaceRoot, 'package.json'),
      workspace: readText(workspaceRoot, PNPM_WORKSPACE),
    },
    findInstallScripts(
      workspaceRoot,
      [...packages.values()].map((path) => join(workspaceRoot, path)),
    ),
  );
  return {
    files: {
      'package.json': toJson(packageJson),
      ...(lockfile === undefined ? {} : { [LOCKFILES.pnpm]: lockfile }),
      ...(workspace === undefined ? {} : { [PNPM_WORKSPACE]: workspace }),
      ...npmrcOf(workspaceRoot),
    },
    tarballs,
  };
}

function installedRoot(workspaceRoot: string, path: string): PnpmRoot {
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

function pruneYarn(
  workspaceRoot: string,
  packages: ReadonlyMap<string, string>,
  project: string,
): Install {
  const pruned = pruneYarnLockfile(
    new Map([...packages].map(([name, path]) => [name, installedRoot(workspaceRoot, path)])),
    {
      lockfile: readText(workspaceRoot, LOCKFILES.yarn)!,
      manifest: readJson<YarnWorkspaceManifest>(workspaceRoot, 'package.json'),
      settings: (parse(readText(workspaceRoot, YARN_SETTINGS) ?? '') ?? {}) as YarnSettings,
      scripted: findInstallScripts(
        workspaceRoot,
        [...packages.values()].map((path) => join(workspaceRoot, path)),
      ),
      project,
    },
  );
  return {
    files: {
      'package.json': toJson(pruned.packageJson),
      [LOCKFILES.yarn]: pruned.lockfile,
      [YARN_SETTINGS]: pruned.settings,
    },
    tarballs: pruned.tarballs,
  };
}

function pruneBun(workspaceRoot: string, packages: ReadonlyMap<string, string>): Install {
  const { packageJson, lockfile, tarballs } = pruneBunLockfile(
    readText(workspaceRoot, LOCKFILES.bun)!,
    new Map([...packages].map(([name, path]) => [name, installedRoot(workspaceRoot, path)])),
    readJson<BunWorkspaceManifest>(workspaceRoot, 'package.json'),
  );
  return {
    files: {
      'package.json': toJson(packageJson),
      [LOCKFILES.bun]: lockfile,
      ...npmrcOf(workspaceRoot),
    },
    tarballs,
  };
}

/** The registry addresses in these files decide what is installed, and are not secret. */
function npmrcOf(workspaceRoot: string): Record<string, string> {
  const pruned = pruneNpmrc(readText(workspaceRoot, NPMRC) ?? '');
  return pruned === undefined ? {} : { [NPMRC]: pruned };
}

function readText(directory: string, file: string): string | undefined {
  const path = join(directory, file);
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

function readJson<T>(directory: string, file: string): T {
  return JSON.parse(readFileSync(join(directory, file), 'utf8')) as T;
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
