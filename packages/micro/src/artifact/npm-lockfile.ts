import { requireLinuxPackages } from './linux-packages';
import { pruneAllowScripts, type AllowScripts } from './npm-install-scripts';

/** A `package-lock.json` of version 2 or 3, as far as pruning reads it. */
export interface NpmLockfile {
  name?: string;
  version?: string;
  lockfileVersion: number;
  requires?: boolean;
  packages: Record<string, NpmLockPackage>;
}

export interface NpmLockPackage {
  name?: string;
  version?: string;
  link?: boolean;
  resolved?: string;
  dev?: boolean;
  devOptional?: boolean;
  peer?: boolean;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  peerDependenciesMeta?: Record<string, { optional?: boolean }>;
  [key: string]: unknown;
}

/** npm's `overrides`: a version, a reference such as `$react`, or the same for what a package needs. */
export interface NpmOverrides {
  [name: string]: string | NpmOverrides;
}

/** The parts of the workspace's package.json that decide what its lockfile may hold. */
export interface NpmWorkspaceManifest {
  overrides?: NpmOverrides;
  allowScripts?: AllowScripts;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
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
  /** Absent where nothing is installed. */
  lockfile?: NpmLockfile;
  /** Packed packages that the lockfile names: its name for each -> where it lies in the workspace. */
  tarballs: Record<string, string>;
}

/** Where packages come to lie: path in the image -> path in the workspace's lockfile. */
type Layout = Map<string, string>;

/**
 * Cuts a workspace's lockfile down to the closure of some packages.
 *
 * Packages are laid out anew: each at the top where its name is free, else below the one package
 * that needs it, so that a version which npm had nested in a project keeps its place in the tree.
 *
 * @param roots where each wanted package lies in the workspace, which is its key in the lockfile.
 * @throws if a package is not in the lockfile, which is then older than the package.json, or if its install script
 *   is neither approved nor denied.
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
  const layout: Layout = new Map();
  for (const [name, source] of sorted) {
    if (!lockfile.packages[source]) throw notInLockfile(`"${name}" (${source})`);
    requireInstallable(lockfile, source, name);
    layout.set(`node_modules/${name}`, source);
    packageJson.dependencies[name] = versionOf(lockfile, source, name);
  }
  // What is added while the loop runs is visited by it, too.
  for (const [target, source] of layout) placeNeeds(lockfile, layout, target, source);
  requireSound(lockfile, layout);
  requireLinuxPackages(
    [...layout].map(([target, source]) => ({
      name: target.slice(folderOf(target).length),
      optional: Object.keys(lockfile.packages[source]!.optionalDependencies ?? {}),
      has: (name) => resolve(lockfile, source, name) !== undefined,
    })),
    'package-lock.json',
  );

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
    `package-lock.json is of version ${lockfileVersion ?? 'unknown'}, which does not say where packages lie: run npm install with npm 7 or later`,
  );
}

function notInLockfile(what: string): Error {
  return new Error(`${what} is not in package-lock.json: run npm install and commit the lockfile`);
}

function requireInstallable(lockfile: NpmLockfile, path: string, name: string): void {
  if (!lockfile.packages[path]?.link) return;
  throw new Error(`"${name}" is a package of this workspace and cannot be external: bundle it`);
}

interface Need {
  name: string;
  kind: 'required' | 'optional' | 'peer' | 'optional-peer';
}

function placeNeeds(lockfile: NpmLockfile, layout: Layout, target: string, source: string): void {
  for (const { name, kind } of needs(lockfile.packages[source]!)) {
    const wanted = resolve(lockfile, source, name);
    if (wanted === undefined) {
      if (kind === 'optional' || kind === 'optional-peer') continue;
      throw notInLockfile(`"${name}", needed by ${source},`);
    }
    if (visible(layout, target, name) === wanted) continue;
    requireInstallable(lockfile, wanted, name);
    const isPeer = kind === 'peer' || kind === 'optional-peer';
    const bundled = bundledPlace(lockfile, wanted, source, target);
    if (bundled) layout.set(bundled, wanted);
    else
      place(lockfile, layout, name, wanted, isPeer ? folderOf(target) : `${target}/node_modules/`);
  }
}

/** Puts a package at the top where its name is free and its peers are what it expects, else into `folder`. */
function place(
  lockfile: NpmLockfile,
  layout: Layout,
  name: string,
  wanted: string,
  folder: string,
): void {
  const peers = needs(lockfile.packages[wanted]!)
    .filter(({ kind }) => kind === 'peer' || kind === 'optional-peer')
    .flatMap((peer) => {
      const source = resolve(lockfile, wanted, peer.name);
      return source === undefined ? [] : [{ name: peer.name, source }];
    });
  const isFreeFor = (path: string, source: string) => (layout.get(path) ?? source) === source;
  const fitsTop =
    !layout.has(`node_modules/${name}`) &&
    peers.every((peer) => isFreeFor(`node_modules/${peer.name}`, peer.source));
  const target = `${fitsTop ? 'node_modules/' : folder}${name}`;
  if (!isFreeFor(target, wanted)) {
    throw new Error(
      `"${name}" is needed as ${layout.get(target)!} and as ${wanted} by packages that share it: align the versions`,
    );
  }
  layout.set(target, wanted);
  // At once, so that nothing else takes the peer's place meanwhile.
  for (const peer of peers) {
    if (visible(layout, target, peer.name) === peer.source) continue;
    requireInstallable(lockfile, peer.source, peer.name);
    place(lockfile, layout, peer.name, peer.source, folderOf(target));
  }
}

/** What a package brings in its own archive stays where it is within it. */
function bundledPlace(
  lockfile: NpmLockfile,
  wanted: string,
  source: string,
  target: string,
): string | undefined {
  if (lockfile.packages[wanted]!['inBundle'] !== true) return undefined;
  let bundler = wanted;
  while (lockfile.packages[bundler]?.['inBundle'] === true) {
    bundler = bundler.slice(0, bundler.lastIndexOf('/node_modules/'));
  }
  const inside = source.slice(bundler.length);
  return target.slice(0, target.length - inside.length) + wanted.slice(bundler.length);
}

/** An error in the layout would surface as a wrong version in the image: it is checked as a whole. */
function requireSound(lockfile: NpmLockfile, layout: Layout): void {
  for (const [target, source] of layout) {
    for (const { name } of needs(lockfile.packages[source]!)) {
      const wanted = resolve(lockfile, source, name);
      if (wanted === undefined || visible(layout, target, name) === wanted) continue;
      throw new Error(
        `"${name}" is needed as ${wanted} and as ${visible(layout, target, name)!} by packages that share it: align the versions`,
      );
    }
  }
}

/** Places that must be there; what is reached through optional needs alone may fail to install. */
function requiredPlaces(
  lockfile: NpmLockfile,
  layout: Layout,
  roots: readonly (readonly [string, string])[],
): Set<string> {
  const required = new Set(roots.map(([name]) => `node_modules/${name}`));
  for (const target of required) {
    for (const { name, kind } of needs(lockfile.packages[layout.get(target)!]!)) {
      if (kind === 'optional' || kind === 'optional-peer') continue;
      const found = lookupPath(target)
        .map((directory) => `${directory}node_modules/${name}`)
        .find((path) => layout.has(path));
      if (found !== undefined) required.add(found);
    }
  }
  return required;
}

/** Everything that a package needs, each name once: as npm has it, optional wins over required over peer. */
function needs(entry: NpmLockPackage): Need[] {
  const optionalPeers = entry.peerDependenciesMeta ?? {};
  const kinds = new Map<string, Need['kind']>();
  for (const name of Object.keys(entry.peerDependencies ?? {})) {
    kinds.set(name, optionalPeers[name]?.optional === true ? 'optional-peer' : 'peer');
  }
  for (const name of Object.keys(entry.dependencies ?? {})) kinds.set(name, 'required');
  for (const name of Object.keys(entry.optionalDependencies ?? {})) kinds.set(name, 'optional');
  return [...kinds]
    .map(([name, kind]) => ({ name, kind }))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** `node_modules/a/node_modules/b` -> `node_modules/a/node_modules/` */
function folderOf(place: string): string {
  return place.slice(0, place.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

/** Node's own lookup over the lockfile's paths: the nearest `node_modules` above `from`. */
function resolve(lockfile: NpmLockfile, from: string, name: string): string | undefined {
  for (const directory of lookupPath(from)) {
    const candidate = `${directory}node_modules/${name}`;
    if (lockfile.packages[candidate]) return candidate;
  }
  return undefined;
}

function visible(placed: ReadonlyMap<string, string>, from: string, name: string) {
  for (const directory of lookupPath(from)) {
    const source = placed.get(`${directory}node_modules/${name}`);
    if (source !== undefined) return source;
  }
  return undefined;
}

/** `node_modules/a/node_modules/b` -> itself, `node_modules/a`, and the root, each with a slash. */
function lookupPath(from: string): string[] {
  const directories: string[] = [];
  for (let at = from; at !== '';) {
    if (!at.endsWith('node_modules')) directories.push(`${at}/`);
    const slash = at.lastIndexOf('/');
    at = slash < 0 ? '' : at.slice(0, slash);
  }
  return [...directories, ''];
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

/** `file:vendor/acme-1.0.0.tgz` lies beside the package.json of the image as `vendor-acme-1.0.0.tgz`. */
function tarballOf({ resolved }: NpmLockPackage): { name: string; path: string } | undefined {
  const path = /^file:(?:\.\/)?(.+)$/.exec(resolved ?? '')?.[1];
  if (path === undefined) return undefined;
  return { path, name: path.replace(/^[./]+/, '').replaceAll('/', '-') };
}

/** A lockfile entry as it stands where everything is a production dependency. */
function production(entry: NpmLockPackage, isRequired: boolean): NpmLockPackage {
  const { dev: _dev, devOptional: _devOptional, peer: _peer, optional: _optional, ...rest } = entry;
  return isRequired ? rest : { ...rest, optional: true };
}

/** Names under which packages are needed: those of the folders in which they lie. */
function namesOf(layout: Layout): Set<string> {
  return new Set([...layout.keys()].map((target) => target.slice(folderOf(target).length)));
}

/**
 * The workspace's overrides about packages of the closure, without which `npm ci` refuses versions
 * that they brought about. A direct dependency may only be overridden by reference to itself.
 */
function pruneOverrides(
  { overrides, ...groups }: NpmWorkspaceManifest,
  dependencies: Readonly<Record<string, string>>,
  names: ReadonlySet<string>,
): NpmOverrides | undefined {
  const specs = {
    ...groups.devDependencies,
    ...groups.optionalDependencies,
    ...groups.dependencies,
  };
  const pruneOne = (value: string, name: string): string => {
    if (dependencies[name] !== undefined) return `$${name}`;
    return value.startsWith('$') ? (specs[value.slice(1)] ?? value) : value;
  };
  const prune = (of: NpmOverrides, parent: string): NpmOverrides | undefined => {
    const kept = Object.entries(of).flatMap(([key, value]): [string, string | NpmOverrides][] => {
      const name = key === '.' ? parent : nameOfOverride(key);
      if (!names.has(name)) return [];
      const pruned = typeof value === 'string' ? pruneOne(value, name) : prune(value, name);
      return pruned === undefined ? [] : [[key, pruned]];
    });
    return kept.length > 0 ? Object.fromEntries(kept) : undefined;
  };
  return prune(overrides ?? {}, '');
}

/** `foo@^1` -> `foo` */
function nameOfOverride(key: string): string {
  const at = key.indexOf('@', 1);
  return at < 0 ? key : key.slice(0, at);
}
