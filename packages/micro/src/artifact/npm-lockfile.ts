import { flatName } from './flat-name';
import { requireLinuxPackages } from './linux-packages';
import { pruneAllowScripts, type AllowScripts } from './npm-install-scripts';
import { layOut, namesOf, requiredPlaces } from './npm-layout';
import { NO_SOURCES, requireAllowedSources, type AllowedSources } from './npm-sources';
import { pruneOverrides, type NpmOverrides, type OverrideSources } from './npm-overrides';
import { folderOf, resolve, type NpmLockfile, type NpmLockPackage } from './package-lock';

/** The parts of the workspace's package.json that decide what its lockfile may hold. */
export interface NpmWorkspaceManifest extends OverrideSources {
  allowScripts?: AllowScripts;
  /** Whether the lockfile was written without peers (`legacy-peer-deps`). */
  ignoresPeers?: boolean;
  /** Absent: what npm 12 allows by itself. */
  allowed?: AllowedSources;
}

/** What the image installs: a manifest and a lockfile that `npm ci` accepts together. */
export interface PrunedInstall {
  packageJson: {
    private: true;
    type: 'module';
    dependencies: Record<string, string>;
    overrides?: NpmOverrides;
    allowScripts?: AllowScripts;
  };
  /** Absent if nothing is installed. */
  lockfile?: NpmLockfile;
  /** Packed packages in the lockfile: the name in it -> the path in the workspace. */
  tarballs: Record<string, string>;
}

/**
 * Reduces a workspace's lockfile to some packages and all their dependencies.
 *
 * This is our own code, because Nx's pruning uses the version at the top of `node_modules` even if a project has
 * another one (nrwl/nx#35343), and drops packages nested three deep (nrwl/nx#28051): `npm ci` refuses both.
 *
 * @param roots the place of each wanted package in the workspace, which is its key in the lockfile.
 * @throws if a package is not in the lockfile, which is then older than the package.json, or if its install script is
 * neither approved nor denied.
 */
export function pruneNpmLockfile(
  lockfile: NpmLockfile,
  roots: ReadonlyMap<string, string>,
  workspace: NpmWorkspaceManifest = {},
): PrunedInstall {
  const sorted = [...roots].sort(([a], [b]) => (a < b ? -1 : 1));
  const packageJson: PrunedInstall['packageJson'] = {
    private: true,
    type: 'module',
    dependencies: {},
  };
  if (sorted.length === 0) return { packageJson, tarballs: {} };
  requirePackages(lockfile);
  const layout = layOut(lockfile, new Map(sorted), workspace.ignoresPeers);
  for (const [name, source] of sorted) {
    packageJson.dependencies[name] = versionOf(lockfile, source, name);
  }
  requireLinuxPackages(
    [...layout].map(([target, source]) => ({
      name: target.slice(folderOf(target).length),
      optional: Object.keys(lockfile.packages[source]!.optionalDependencies ?? {}),
      has: (name) => resolve(lockfile, source, name) !== undefined,
    })),
    'package-lock.json',
  );
  requireAllowedSources(lockfile, layout.values(), workspace.allowed ?? NO_SOURCES);
  const overrides = pruneOverrides(workspace, packageJson.dependencies, namesOf(layout));
  if (overrides) packageJson.overrides = overrides;
  const required = requiredPlaces(lockfile, layout, sorted);
  const packages: Record<string, NpmLockPackage> = {
    '': { dependencies: packageJson.dependencies },
  };
  const tarballs: Record<string, string> = {};
  const moved = new Map<string, string>();
  for (const [target, source] of [...layout].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const entry = production(lockfile.packages[source]!, required.has(target));
    const tarball = tarballOf(entry);
    if (tarball) {
      tarballs[tarball.name] = tarball.path;
      entry.resolved = `file:${tarball.name}`;
      moved.set(target, entry.resolved);
    }
    packages[target] = entry;
  }
  const originals = new Map(
    [...layout].map(([target, source]) => [target, lockfile.packages[source]!]),
  );
  const allowScripts = pruneAllowScripts(originals, moved, workspace.allowScripts);
  if (allowScripts) packageJson.allowScripts = allowScripts;
  return { packageJson, tarballs, lockfile: { lockfileVersion: 3, requires: true, packages } };
}

function requirePackages({ packages, lockfileVersion }: Partial<NpmLockfile>): void {
  if (packages) return;
  throw new Error(
    `package-lock.json has version ${lockfileVersion ?? 'unknown'}, which does not record where packages are installed: run npm install with npm 7 or later`,
  );
}

function versionOf(lockfile: NpmLockfile, path: string, name: string): string {
  const entry = lockfile.packages[path]!;
  const tarball = tarballOf(entry);
  if (tarball) return `file:${tarball.name}`;
  if (entry.name !== undefined && entry.name !== name) {
    return `npm:${entry.name}@${entry.version ?? ''}`;
  }
  return entry.version ?? '*';
}

function tarballOf({ resolved }: NpmLockPackage): { name: string; path: string } | undefined {
  const path = /^file:(?:\.\/)?(.+)$/.exec(resolved ?? '')?.[1];
  if (path === undefined) return undefined;
  return { path, name: flatName(path) };
}

/** A lockfile entry as if everything were a production dependency. */
function production(entry: NpmLockPackage, isRequired: boolean): NpmLockPackage {
  const { dev: _dev, devOptional: _devOptional, peer: _peer, optional: _optional, ...rest } = entry;
  return isRequired ? rest : { ...rest, optional: true };
}
