import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parse, stringify } from 'yaml';
import { mustEnd, startChild, type Ended } from '../testing/child.js';
import { renderFiles, type Files, type PackageManager } from './files.js';
import type { Platform } from './platform.js';
import { copyToolchain, HOME, install, type Toolchain } from './toolchain.js';

/** A platform as a workspace on disk, with git and installed packages. */
export interface PlatformWorkspace {
  /** First part of its image names; unique. */
  scope: string;
  root: string;
  toolchain: Toolchain;
  /** Writes the files of the platform, installs if dependencies changed, and commits. */
  become: (platform: Platform) => Promise<void>;
  nx: (args: readonly string[]) => Promise<Ended>;
  remove: () => Promise<void>;
}

/** Files that decide what is installed, and where links to the projects are. */
const INSTALLATION = /(^|\/)(package\.json|pnpm-workspace\.yaml)$/;

export async function createPlatformWorkspace(toolchain: Toolchain): Promise<PlatformWorkspace> {
  const { packageManager, environment, dependencies } = toolchain;
  const scope = `exact-${randomBytes(4).toString('hex')}`;
  const root = join(HOME, scope);
  await copyToolchain(toolchain, root);
  const run = (program: string, ...args: string[]) =>
    mustEnd(startChild(program, args, { cwd: root, env: environment }));
  await run('git', 'init', '--quiet', '--initial-branch=main');
  await run('git', 'config', 'user.name', 'Ada');
  await run('git', 'config', 'user.email', 'ada@example.com');
  await run('git', 'config', 'commit.gpgsign', 'false');

  let current: Files = {};
  let locked = '{}';
  let overrides = '{}';
  const become: PlatformWorkspace['become'] = async (platform) => {
    const files = renderFiles(platform, { scope, packageManager, toolchain: dependencies });
    const changed = await writeFiles(root, current, files);
    current = files;
    const overridden = JSON.stringify(platform.overrides);
    if (overridden !== overrides && packageManager === 'npm') {
      await forget(root, platform.overrides);
    }
    overrides = overridden;
    if (changed.some((path) => INSTALLATION.test(path))) await install(toolchain, root);
    if (JSON.stringify(platform.locked) !== locked) {
      locked = JSON.stringify(platform.locked);
      for (const [name, version] of Object.entries(platform.locked)) {
        await lockVersion(root, packageManager, name, version, environment);
      }
      await install(toolchain, root);
    }
    await run('git', 'add', '--all');
    await run('git', 'commit', '--quiet', '--allow-empty', '--message', 'change');
  };
  return {
    scope,
    root,
    toolchain,
    become,
    nx: (args) =>
      startChild(join(root, 'node_modules/.bin/nx'), args, { cwd: root, env: environment }).ended,
    remove: () => rm(root, { recursive: true, force: true, maxRetries: 3 }),
  };
}

/** Writes files that differ and removes others; returns the paths of both. */
async function writeFiles(root: string, before: Files, after: Files): Promise<string[]> {
  const changed: string[] = [];
  for (const [path, file] of Object.entries(after)) {
    if (JSON.stringify(before[path]) === JSON.stringify(file)) continue;
    const { text, executable } =
      typeof file === 'string' ? { text: file, executable: false } : file;
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
    await chmod(join(root, path), executable ? 0o755 : 0o644);
    changed.push(path);
  }
  for (const path of Object.keys(before)) {
    if (after[path] !== undefined) continue;
    await rm(join(root, path), { force: true });
    changed.push(path);
    // Removes the folder of a project that moved, which may still have a node_modules.
    if (path.endsWith('/package.json')) {
      await rm(join(root, dirname(path)), { recursive: true, force: true });
    }
  }
  return changed;
}

/**
 * npm keeps the version of its lockfile even if an override says otherwise, so people first remove the package from it.
 */
async function forget(root: string, overrides: Platform['overrides']): Promise<void> {
  const file = join(root, 'package-lock.json');
  const lockfile = JSON.parse(await readFile(file, 'utf8')) as { packages: Record<string, object> };
  await rm(join(root, 'node_modules/.package-lock.json'), { force: true });
  for (const path of Object.keys(lockfile.packages)) {
    if (!Object.keys(overrides).some((name) => path.includes(`node_modules/${name}`))) continue;
    delete lockfile.packages[path];
    await rm(join(root, path), { recursive: true, force: true });
  }
  await writeFile(file, `${JSON.stringify(lockfile, null, 2)}\n`);
}

/** Changes a version in the lockfile and nothing else, like a bot does. */
async function lockVersion(
  root: string,
  packageManager: PackageManager,
  name: string,
  version: string,
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  const file = join(root, packageManager === 'pnpm' ? 'pnpm-lock.yaml' : 'package-lock.json');
  if (!existsSync(file)) return;
  const text = await readFile(file, 'utf8');
  const view = startChild(
    'npm',
    ['view', `${name}@${version}`, 'dist', '--json', '--prefer-offline'],
    {
      cwd: root,
      env: { ...environment, NPM_CONFIG_LOGLEVEL: 'silent' },
    },
  );
  const { integrity, tarball } = JSON.parse(await mustEnd(view)) as {
    integrity: string;
    tarball: string;
  };
  if (packageManager === 'npm') {
    const lockfile = JSON.parse(text) as { packages: Record<string, object> };
    for (const [path, entry] of Object.entries(lockfile.packages)) {
      if (path.endsWith(`node_modules/${name}`))
        Object.assign(entry, { version, resolved: tarball, integrity });
    }
    return writeFile(file, `${JSON.stringify(lockfile, null, 2)}\n`);
  }
  const now = new RegExp(`^  ${name}@(.+):`, 'm').exec(text)?.[1];
  if (now === undefined) return;
  const moved = text
    .replaceAll(`${name}@${now}:`, `${name}@${version}:`)
    .replaceAll(`${name}: ${now}\n`, `${name}: ${version}\n`);
  const lockfile = parse(moved) as { packages: Record<string, object> };
  Object.assign(lockfile.packages[`${name}@${version}`]!, { resolution: { integrity } });
  await writeFile(file, stringify(lockfile, { lineWidth: 0 }));
}
