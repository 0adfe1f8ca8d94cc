import { flatName } from './flat-name';
import { parseAllDocuments, stringify } from 'yaml';
import { requireLinuxPackages } from './linux-packages';
import { requireDecidedBuilds } from './pnpm-builds';
import { nameOfSelector, pruneSettings, type PnpmSettingsFiles } from './pnpm-lockfile-settings';
import { prunePatches, type LockedPatches } from './pnpm-patches';

/** A `pnpm-lock.yaml` of version 9, as far as pruning reads it. */
interface PnpmLockfile {
  lockfileVersion?: string | number;
  patchedDependencies?: LockedPatches;
  importers?: Record<string, Partial<Record<DependencyGroup, Record<string, ImporterDependency>>>>;
  packages?: Record<string, PnpmPackage>;
  snapshots?: Record<string, PnpmSnapshot>;
}

type DependencyGroup = 'dependencies' | 'optionalDependencies' | 'devDependencies';

interface ImporterDependency {
  specifier: string;
  version: string;
}

interface PnpmPackage {
  resolution?: { integrity?: string; tarball?: string; type?: string; directory?: string };
  version?: string;
  [key: string]: unknown;
}

interface PnpmSnapshot {
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  [key: string]: unknown;
}

/** A package that the image needs, as it lies in the workspace. */
export interface PnpmRoot {
  /** `apps/orders/node_modules/bufferutil` */
  path: string;
  /** Its own name and version, from its package.json. */
  name: string;
  version: string;
  /** Its folder in pnpm's virtual store, `ws@8.18.0_bufferutil@4.0.8`, where it lies in one. */
  store?: string;
  /** Names of its optional dependencies, from its package.json. */
  optional?: readonly string[];
}

/** What the image installs: files that `pnpm install --frozen-lockfile` accepts together. */
export interface PnpmInstall {
  packageJson: {
    private: true;
    type: 'module';
    dependencies: Record<string, string>;
    pnpm?: Record<string, unknown>;
  };
  /** `pnpm-lock.yaml`; absent if nothing is installed. */
  lockfile?: string;
  /** `pnpm-workspace.yaml` with the settings that decide about acceptance, build scripts and registries. */
  workspace?: string;
  /** Packed packages and patches that the lockfile names: its name for each -> where it lies in the workspace. */
  tarballs: Record<string, string>;
}

/**
 * Cuts a workspace's lockfile down to the closure of some packages, with one importer. Overrides,
 * catalogs and package extensions have had their effect on it already and are not repeated.
 * The settings that decide whether it is accepted are.
 *
 * @param text of the workspace's pnpm-lock.yaml.
 * @param roots by the name under which the code imports them.
 * @param scripted packages that have an install script, as `name@version`.
 * @throws if a package is not in the lockfile, cannot be had outside the workspace, or has an install script about
 *   which nobody decided.
 */
export function prunePnpmLockfile(
  text: string,
  roots: ReadonlyMap<string, PnpmRoot>,
  settings: PnpmSettingsFiles = {},
  scripted: ReadonlySet<string> = new Set(),
): PnpmInstall {
  const packageJson: PnpmInstall['packageJson'] = {
    private: true,
    type: 'module',
    dependencies: {},
  };
  if (roots.size === 0) return { packageJson, tarballs: {} };
  const lockfile = parseLockfile(text);
  const keys = new Map(
    [...roots].sort(byName).map(([name, root]) => [name, keyOf(lockfile, name, root)]),
  );
  const closure = closureOf(lockfile, [...keys.values()]);
  requireLinuxPackages(
    [...keys].map(([name, key]) => {
      const locked = lockfile.snapshots![key]!.optionalDependencies ?? {};
      const optional = roots.get(name)!.optional ?? [];
      return { name, optional, has: (one) => locked[one] !== undefined };
    }),
    'pnpm-lock.yaml',
  );
  const tarballs: Record<string, string> = {};
  const packages: Record<string, PnpmPackage> = {};
  const snapshots: Record<string, PnpmSnapshot> = {};
  for (const [key, { optional }] of [...closure].sort(byName)) {
    const entry = lockfile.packages?.[baseOf(key)] ?? {};
    requireInstallable(key, entry);
    const path = tarballOf(entry);
    if (path !== undefined) tarballs[flatName(path)] = path;
    // Neither decides what is installed, and both change with the time of the lockfile.
    const { deprecated: _deprecated, ...rest } = entry;
    const {
      transitivePeerDependencies: _peers,
      optional: _optional,
      ...needs
    } = lockfile.snapshots![key]!;
    packages[baseOf(key)] = rest;
    snapshots[key] = optional ? { ...needs, optional: true } : needs;
  }
  const importer: Record<string, ImporterDependency> = {};
  for (const [name, key] of keys) {
    const specifier = specifierOf(name, key, lockfile.packages?.[baseOf(key)] ?? {});
    packageJson.dependencies[name] = specifier;
    importer[name] = {
      specifier,
      version: key.startsWith(`${name}@`) ? key.slice(name.length + 1) : key,
    };
  }
  const names = new Set([...closure.keys()].map(nameOfSelector));
  requireDecidedBuilds(
    Object.keys(packages).filter((base) => scripted.has(labelOf(base, packages[base]!))),
    settings,
  );
  const { packageJson: inManifest, workspace } = pruneSettings(settings, names);
  const patches = prunePatches(closure.keys(), lockfile.patchedDependencies ?? {}, settings);
  const isPatched = Object.keys(patches.settings).length > 0;
  const inWorkspace = isPatched
    ? { ...workspace, patchedDependencies: patches.settings }
    : workspace;
  if (inManifest) packageJson.pnpm = inManifest;
  const pruned = {
    lockfileVersion: '9.0',
    settings: { autoInstallPeers: true, excludeLinksFromLockfile: false },
    ...(isPatched ? { patchedDependencies: patches.locked } : {}),
    importers: { '.': { dependencies: importer } },
    packages,
    snapshots,
  };
  return {
    packageJson: flatten(packageJson, tarballs),
    lockfile: toYaml(flatten(pruned, tarballs)),
    ...(inWorkspace ? { workspace: toYaml(flatten(inWorkspace, tarballs)) } : {}),
    tarballs: { ...tarballs, ...patches.files },
  };
}

/** From version 11 on, a first document may hold pnpm's own packages: the workspace's is the last. */
function parseLockfile(text: string): PnpmLockfile {
  const lockfile = (parseAllDocuments(text).at(-1)?.toJS() ?? {}) as PnpmLockfile;
  const version = String(lockfile.lockfileVersion ?? 'unknown');
  if (version.split('.')[0] === '9') return lockfile;
  throw new Error(`pnpm-lock.yaml has version ${version}: run pnpm install with pnpm 9 or later`);
}

/** The snapshot that stands for a package, `ws@8.18.0(bufferutil@4.0.8)`. */
function keyOf(lockfile: PnpmLockfile, name: string, root: PnpmRoot): string {
  const reference = importedReference(lockfile, name, root.path);
  if (reference?.startsWith('link:')) {
    throw new Error(`"${name}" is a package of this workspace and cannot be external: bundle it`);
  }
  const key = reference === undefined ? storedKey(lockfile, root) : toKey(name, reference);
  if (key !== undefined && lockfile.snapshots?.[key]) return key;
  throw notInLockfile(`"${name}" (${root.path})`);
}

function importedReference(lockfile: PnpmLockfile, name: string, path: string): string | undefined {
  const importer =
    path === `node_modules/${name}` ? '.' : path.slice(0, -`/node_modules/${name}`.length);
  const groups = lockfile.importers?.[importer];
  return (
    groups?.dependencies?.[name] ??
    groups?.optionalDependencies?.[name] ??
    groups?.devDependencies?.[name]
  )?.version;
}

/** A package that only other packages need has no importer: it is told by its folder. */
function storedKey(lockfile: PnpmLockfile, { name, version, store }: PnpmRoot): string | undefined {
  const keys = Object.keys(lockfile.snapshots ?? {}).filter((key) => {
    const base = baseOf(key);
    return (
      base === `${name}@${version}` ||
      (nameOfSelector(base) === name && lockfile.packages?.[base]?.version === version)
    );
  });
  if (keys.length < 2) return keys[0];
  const key = keys.find((candidate) => folderOf(candidate) === store);
  if (key !== undefined) return key;
  throw new Error(
    `${name}@${version} is installed several times with different peers, and it is unclear which one is meant: add "${name}" to the dependencies of the package that imports it`,
  );
}

/** `ws@8.18.0(bufferutil@4.0.8)` -> `ws@8.18.0_bufferutil@4.0.8`, as pnpm names folders that are not too long. */
function folderOf(key: string): string {
  return key
    .replaceAll(/[\\/:*?"<>|#]/g, '+')
    .replaceAll(/\)\(|\(/g, '_')
    .replaceAll(')', '');
}

function closureOf(
  lockfile: PnpmLockfile,
  roots: readonly string[],
): Map<string, { optional: boolean }> {
  const closure = new Map(roots.map((key) => [key, { optional: false }]));
  const waiting = [...roots];
  for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
    const { dependencies = {}, optionalDependencies = {} } = lockfile.snapshots![key]!;
    const isOptional = closure.get(key)!.optional;
    for (const [group, optional] of [
      [optionalDependencies, true],
      [dependencies, isOptional],
    ] as const) {
      for (const [name, reference] of Object.entries(group)) {
        const need = toKey(name, reference);
        if (!lockfile.snapshots![need]) throw notInLockfile(`"${name}", needed by ${key},`);
        const known = closure.get(need);
        // Visited again if it turns out to be required.
        if (known && (!known.optional || optional || isOptional)) continue;
        closure.set(need, { optional: optional || isOptional });
        waiting.push(need);
      }
    }
  }
  return closure;
}

/** A version, or a whole key if the name is an alias: `num: is-number@6.0.0`. */
function toKey(name: string, reference: string): string {
  if (reference.startsWith('@')) return reference;
  const at = reference.indexOf('@');
  const end = reference.search(/[:(]/);
  return at >= 0 && (end < 0 || at < end) ? reference : `${name}@${reference}`;
}

/** A key without its peers and patches. */
function baseOf(key: string): string {
  const end = key.indexOf('(');
  return end < 0 ? key : key.slice(0, end);
}

function requireInstallable(key: string, { resolution }: PnpmPackage): void {
  const base = baseOf(key);
  if (resolution?.type === 'directory' || /@(?:link|workspace):/.test(base)) {
    throw new Error(`${base} is a folder of this workspace and cannot be external: bundle it`);
  }
}

/** `file:vendor/acme-1.0.0.tgz` -> `vendor/acme-1.0.0.tgz` */
function tarballOf({ resolution }: PnpmPackage): string | undefined {
  return /^file:(?:\.\/)?(.+)$/.exec(resolution?.tarball ?? '')?.[1];
}

/** The names of packed packages are part of keys, of references and of other packages' peers. */
function flatten<Value>(value: Value, tarballs: Readonly<Record<string, string>>): Value {
  let text = JSON.stringify(value);
  for (const [name, path] of Object.entries(tarballs)) {
    text = text.replaceAll(`file:${path}`, `file:${name}`);
  }
  return JSON.parse(text) as Value;
}

function specifierOf(name: string, key: string, entry: PnpmPackage): string {
  const base = baseOf(key);
  const own = nameOfSelector(base);
  const version = base.slice(own.length + 1);
  return own === name || entry.resolution?.tarball !== undefined ? version : `npm:${base}`;
}

/** `packed@file:packed.tgz` is known on disk as `packed@1.2.3`. */
function labelOf(base: string, { version }: PnpmPackage): string {
  return version === undefined ? base : `${nameOfSelector(base)}@${version}`;
}

function notInLockfile(what: string): Error {
  return new Error(`${what} is not in pnpm-lock.yaml: run pnpm install and commit the lockfile`);
}

function toYaml(value: unknown): string {
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
