import { flatName } from './flat-name';
import { parse } from 'jsonc-parser';
import { posix } from 'node:path';
import { requireLinuxPackages } from './linux-packages';
import { layOut, namesOf } from './npm-layout';
import { folderOf, resolve, type NpmLockfile, type NpmLockPackage } from './package-lock';

/** What a `bun.lock` says of a package: its reference first, what it needs in the one object. */
type BunPackage = readonly [reference: string, ...(string | BunNeeds)[]];

interface BunNeeds {
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  optionalPeers?: string[];
  hasInstallScript?: boolean;
  [key: string]: unknown;
}

type DependencyGroup = 'dependencies' | 'devDependencies' | 'optionalDependencies';

interface BunLockfile {
  lockfileVersion?: number;
  configVersion?: number;
  /** By folder; the root is `''`. */
  workspaces?: Record<string, Partial<Record<DependencyGroup, Record<string, string>>>>;
  packages?: Record<string, BunPackage>;
}

/** The parts of the workspace's package.json that decide what is installed. */
export interface BunWorkspaceManifest {
  overrides?: Record<string, unknown>;
  resolutions?: Record<string, unknown>;
  patchedDependencies?: Record<string, string>;
  trustedDependencies?: string[];
}

/** A package that the image needs: the name it is imported by, its place, and its version. */
export interface BunRoot {
  path: string;
  name: string;
  version: string;
}

/** What the image installs: a manifest and a lockfile that `bun install --frozen-lockfile` accepts together. */
export interface BunInstall {
  packageJson: Record<string, unknown>;
  /** `bun.lock` */
  lockfile: string;
  /** Packed packages and patches: name in the image -> path in the workspace. */
  tarballs: Record<string, string>;
}

/** Name of the only package of the image, which Bun writes into its lockfile. */
const IMAGE = 'image';

/**
 * Cuts a workspace's `bun.lock` down to the closure of some packages. Its keys are places, as those of a package-lock.json
 * are: `debug/ms` lies in `node_modules/debug/node_modules/ms`.
 *
 * @param text of the workspace's bun.lock.
 * @param roots by the name under which the code imports them.
 * @throws if a package is not in the lockfile, cannot be had outside the workspace, or has an install script about
 *   which nobody decided.
 */
export function pruneBunLockfile(
  text: string,
  roots: ReadonlyMap<string, BunRoot>,
  workspace: BunWorkspaceManifest = {},
): BunInstall {
  const lockfile = parse(text, [], { allowTrailingComma: true }) as BunLockfile;
  const packages = requirePackages(lockfile);
  const places = toPlaces(packages);
  const sorted = [...roots].sort(([a], [b]) => (a < b ? -1 : 1));
  const sources = new Map(sorted.map(([name, root]) => [name, placeOf(places, name, root)]));
  const layout = layOut(places.lockfile, sources);
  requireLinuxPackages(
    [...layout].map(([target, source]) => ({
      name: target.slice(folderOf(target).length),
      optional: Object.keys(places.lockfile.packages[source]!.optionalDependencies ?? {}),
      has: (name) => resolve(places.lockfile, source, name) !== undefined,
    })),
    'bun.lock',
  );
  const tarballs: Record<string, string> = {};
  const pruned: Record<string, BunPackage> = {};
  const scripted: string[] = [];
  const dependencies: Record<string, string> = {};
  for (const [target, source] of [...layout].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const [reference, ...rest] = packages[places.keys.get(source)!]!;
    const path = tarballPath(lockfile, reference);
    const flat = path === undefined ? undefined : flatName(path);
    if (path !== undefined && flat !== undefined) tarballs[flat] = path;
    const own = nameOfReference(reference);
    const moved = flat === undefined ? reference : `${own}@${flat}`;
    pruned[target.slice('node_modules/'.length).replaceAll('/node_modules/', '/')] = [
      moved,
      ...rest,
    ];
    const name = target.slice(folderOf(target).length);
    if (needsOf(packages[places.keys.get(source)!]!).hasInstallScript) scripted.push(name);
    if (roots.has(name) && target === `node_modules/${name}`) {
      dependencies[name] = specifierOf(name, own, moved, flat);
    }
  }
  const names = namesOf(layout);
  const trustedDependencies = pruneTrusted(scripted, workspace.trustedDependencies);
  const overrides = pruneOverrides(workspace, names, dependencies);
  const patches = prunePatches(workspace.patchedDependencies ?? {}, Object.values(pruned));
  const settings = {
    ...(trustedDependencies ? { trustedDependencies } : {}),
    ...(patches ? { patchedDependencies: patches.settings } : {}),
    ...(overrides ? { overrides } : {}),
  };
  return {
    packageJson: { name: IMAGE, private: true, type: 'module', dependencies, ...settings },
    lockfile: toJson({
      lockfileVersion: lockfile.lockfileVersion,
      ...(lockfile.configVersion === undefined ? {} : { configVersion: lockfile.configVersion }),
      workspaces: { '': { name: IMAGE, dependencies } },
      ...settings,
      packages: pruned,
    }),
    tarballs: { ...tarballs, ...patches?.files },
  };
}

function requirePackages({ packages, lockfileVersion }: BunLockfile): Record<string, BunPackage> {
  if (packages && [1, 2].includes(lockfileVersion ?? 0)) return packages;
  throw new Error(
    `bun.lock has version ${lockfileVersion ?? 'unknown'}, but only 1 and 2 can be read: run bun install with Bun 1.2 or later`,
  );
}

interface Places {
  /** The same as a package-lock.json has it. */
  lockfile: NpmLockfile;
  /** Place -> key in bun.lock. */
  keys: Map<string, string>;
  /** Place -> `name@version` of what lies there. */
  labels: Map<string, string>;
}

function toPlaces(packages: Readonly<Record<string, BunPackage>>): Places {
  const folders = new Map<string, string>();
  for (const [key, [reference]] of Object.entries(packages)) {
    const folder = reference.slice(nameOfReference(reference).length + 1);
    if (folder.startsWith('workspace:')) folders.set(key, folder.slice('workspace:'.length));
  }
  const places: Places = {
    lockfile: { lockfileVersion: 3, packages: { '': {} } },
    keys: new Map(),
    labels: new Map(),
  };
  for (const [key, entry] of Object.entries(packages)) {
    const [first = '', ...rest] = namesOfKey(key);
    const folder = rest.length > 0 ? folders.get(first) : undefined;
    const place = [
      folder ?? `node_modules/${first}`,
      ...rest.map((name) => `node_modules/${name}`),
    ];
    const at = place.join('/');
    const [reference] = entry;
    places.keys.set(at, key);
    places.labels.set(at, reference);
    places.lockfile.packages[at] = toNpmPackage(entry, folders.has(key));
  }
  return places;
}

/** `@acme/orders/ws` -> `@acme/orders`, `ws` */
function namesOfKey(key: string): string[] {
  return key.split('/').reduce<string[]>((names, part) => {
    const last = names.at(-1);
    if (last?.startsWith('@') && !last.includes('/')) names[names.length - 1] = `${last}/${part}`;
    else names.push(part);
    return names;
  }, []);
}

function toNpmPackage(entry: BunPackage, isWorkspace: boolean): NpmLockPackage {
  const {
    dependencies,
    optionalDependencies,
    peerDependencies,
    optionalPeers = [],
  } = needsOf(entry);
  return {
    link: isWorkspace,
    dependencies,
    optionalDependencies,
    peerDependencies,
    peerDependenciesMeta: Object.fromEntries(
      optionalPeers.map((name) => [name, { optional: true }]),
    ),
  };
}

function needsOf(entry: BunPackage): BunNeeds {
  return entry.find((part): part is BunNeeds => typeof part === 'object') ?? {};
}

/** With Bun's isolated installs a package that another one needs lies in a store of `node_modules`. */
function placeOf({ lockfile, labels }: Places, name: string, root: BunRoot): string {
  const importer = root.path.slice(0, -`node_modules/${name}`.length).replace(/\/$/, '');
  const isStored = /(?:^|\/)node_modules\/\.bun(?:\/|$)/.test(root.path);
  const found = isStored ? undefined : resolve(lockfile, importer, name);
  const label = `${root.name}@${root.version}`;
  const place =
    found ??
    [...labels].find(([at, reference]) => reference === label && lockfile.packages[at])?.[0];
  if (place !== undefined) return place;
  throw new Error(
    `"${name}" (${root.path}) is not in bun.lock: run bun install and commit the lockfile`,
  );
}

/** `packed@../../vendor/packed-1.0.0.tgz` -> `vendor/packed-1.0.0.tgz`: the path is that of the package that asks. */
function tarballPath({ workspaces = {} }: BunLockfile, reference: string): string | undefined {
  const name = nameOfReference(reference);
  const written = reference.slice(name.length + 1);
  if (!/\.(?:tgz|tar\.gz)$/.test(written) || /^[a-z+]+:\/\//.test(written)) return undefined;
  const asking = Object.entries(workspaces).find(([, groups]) =>
    [groups.dependencies, groups.devDependencies, groups.optionalDependencies].some(
      (group) => group?.[name]?.replace(/^file:/, '') === written.replace(/^file:/, ''),
    ),
  );
  return posix.join(asking?.[0] ?? '', written.replace(/^file:/, ''));
}

function nameOfReference(reference: string): string {
  return reference.slice(0, reference.indexOf('@', 1));
}

function specifierOf(
  name: string,
  own: string,
  moved: string,
  tarball: string | undefined,
): string {
  if (tarball !== undefined) return `file:${tarball}`;
  const version = moved.slice(own.length + 1);
  return own === name || /[:/]/.test(version) ? version : `npm:${moved}`;
}

/**
 * Bun 1.4 skips the install script of a package that is not trusted, with a notice and exit code 0. Without
 * `trustedDependencies` it trusts a list of its own; with it, only what is named. An image is told each by name.
 */
function pruneTrusted(scripted: readonly string[], trusted?: string[]): string[] | undefined {
  const names = [...new Set(scripted)].sort();
  if (names.length === 0) return undefined;
  if (trusted === undefined) {
    throw new Error(
      `package.json does not trust the install scripts of ${names.join(', ')}. Bun skips such scripts, so the image would lack what they build.\nAdd "trustedDependencies": ${JSON.stringify(names)} to the package.json at the workspace root; leave out a package whose script is not needed.`,
    );
  }
  return names.filter((name) => trusted.includes(name));
}

function pruneOverrides(
  { overrides, resolutions }: BunWorkspaceManifest,
  names: ReadonlySet<string>,
  dependencies: Readonly<Record<string, string>>,
): Record<string, unknown> | undefined {
  const kept = Object.entries({ ...resolutions, ...overrides }).filter(
    // A package that the image asks for itself is asked for as it was resolved.
    ([name]) => names.has(name) && dependencies[name] === undefined,
  );
  return kept.length > 0 ? Object.fromEntries(kept) : undefined;
}

function prunePatches(
  patched: Readonly<Record<string, string>>,
  packages: readonly BunPackage[],
): { settings: Record<string, string>; files: Record<string, string> } | undefined {
  const kept = Object.entries(patched).filter(([selector]) =>
    packages.some(([reference]) => reference === selector),
  );
  if (kept.length === 0) return undefined;
  return {
    settings: Object.fromEntries(kept.map(([selector, path]) => [selector, flatName(path)])),
    files: Object.fromEntries(kept.map(([, path]) => [flatName(path), path])),
  };
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
