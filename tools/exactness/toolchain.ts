import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { mustEnd, startChild } from '../testing/child.js';
import { linkFolder } from '../testing/linked-folder.js';
import { packPlugin } from '../testing/packed-plugin.js';
import { userEnvironment } from '../testing/user-environment.js';
import type { PackageManager } from './files.js';
import { TOOLS } from './platform.js';

/** The folder of installations and workspaces. Outside of this repository, so that none of its packages is found. */
export const HOME = join(tmpdir(), 'micro-exactness');

const PNPM_VERSION = '10.34.9';

/** How Nx decides what a change affects. */
export type Mode = 'project-level' | 'task-level';

const NX: Readonly<Record<Mode, Readonly<Record<string, string>>>> = {
  'project-level': { nx: '23.2.1', '@nx/devkit': '23.2.1', '@nx/js': '23.2.1' },
  'task-level': { nx: '24.0.6', '@nx/devkit': '24.0.0', '@nx/js': '23.3.1' },
};

/** An installation that workspaces start from, so that each installs only what it adds. */
export interface Toolchain {
  packageManager: PackageManager;
  mode: Mode;
  /** The folder with node_modules, the lockfile and the packed plugin. */
  directory: string;
  dependencies: Readonly<Record<string, string>>;
  environment: NodeJS.ProcessEnv;
}

const PLUGIN = 'vendor/org-micro.tgz';

/** Installs Nx and the compiled plugin, or finds the installation of an earlier run. */
export async function ensureToolchain(
  packageManager: PackageManager,
  mode: Mode,
): Promise<Toolchain> {
  await mkdir(HOME, { recursive: true });
  const staging = await mkdtemp(join(HOME, 'staging-'));
  try {
    await mkdir(join(staging, 'vendor'));
    const packed = await packPlugin(staging);
    await rename(join(staging, packed), join(staging, PLUGIN));
    const dependencies = { '@org/micro': `file:${PLUGIN}`, ...NX[mode] };
    const id = createHash('sha256')
      .update(await readFile(join(staging, PLUGIN)))
      .update(JSON.stringify([dependencies, PNPM_VERSION]))
      .digest('hex');
    const name = `${packageManager}-${mode}-`;
    const directory = join(HOME, name + id.slice(0, 12));
    const environment = await environmentOf(packageManager);
    if (!existsSync(directory)) {
      await removeOthers(name);
      await writeFile(
        join(staging, 'package.json'),
        JSON.stringify({
          name: '@exactness/source',
          private: true,
          devDependencies: { ...dependencies, 'array-union': TOOLS[0] },
        }),
      );
      await install({ packageManager, environment }, staging);
      await rename(staging, directory);
    }
    return { packageManager, mode, directory, dependencies, environment };
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Updates node_modules and the lockfile from the manifests. */
export async function install(
  { packageManager, environment }: Pick<Toolchain, 'packageManager' | 'environment'>,
  cwd: string,
): Promise<void> {
  const args =
    packageManager === 'pnpm'
      ? ['install', '--no-frozen-lockfile', '--ignore-scripts', '--prefer-offline']
      : ['install', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'];
  await mustEnd(startChild(packageManager, args, { cwd, env: environment }));
}

async function environmentOf(packageManager: PackageManager): Promise<NodeJS.ProcessEnv> {
  const environment = userEnvironment();
  if (packageManager === 'npm') return environment;
  const directory = join(HOME, `pnpm-${PNPM_VERSION}`);
  if (!existsSync(directory)) {
    const staging = await mkdtemp(join(HOME, 'staging-'));
    await writeFile(join(staging, 'package.json'), '{}');
    const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', `pnpm@${PNPM_VERSION}`];
    await mustEnd(startChild('npm', args, { cwd: staging, env: environment }));
    await rename(staging, directory);
  }
  const bin = join(directory, 'node_modules/.bin');
  return { ...environment, PATH: `${bin}${delimiter}${environment['PATH'] ?? ''}` };
}

async function removeOthers(prefix: string): Promise<void> {
  for (const name of await readdir(HOME)) {
    if (name.startsWith(prefix)) await rm(join(HOME, name), { recursive: true, force: true });
  }
}

/** Files that a package manager changes in place. A workspace must not share these with its toolchain. */
const OWN_FILES = [
  'node_modules/.package-lock.json',
  'node_modules/.modules.yaml',
  'node_modules/.pnpm-workspace-state-v1.json',
  'node_modules/.pnpm/lock.yaml',
  'package-lock.json',
  'pnpm-lock.yaml',
];

/** A folder with everything of the toolchain in it, as hard links. */
export function copyToolchain({ directory }: Toolchain, to: string): Promise<void> {
  return linkFolder(directory, to, OWN_FILES);
}
