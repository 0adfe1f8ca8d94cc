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

/** What the image installs: a manifest and a lockfile that `npm ci` accepts together. */
export interface PrunedInstall {
  packageJson: { private: true; type: 'module'; dependencies: Record<string, string> };
  /** Absent where nothing is installed. */
  lockfile?: NpmLockfile;
}

/**
 * Cuts a workspace's lockfile down to the closure of some packages.
 *
 * Packages are laid out anew: each at the top where its name is free, else below the one package
 * that needs it, so that a version which npm had nested in a project keeps its place in the tree.
 *
 * @param roots where each wanted package lies in the workspace, which is its key in the lockfile.
 * @throws where a package is not in the lockfile: the lockfile is older than the package.json.
 */
export function pruneNpmLockfile(
  lockfile: NpmLockfile,
  roots: ReadonlyMap<string, string>,
): PrunedInstall {
  const sorted = [...roots].sort(([a], [b]) => (a < b ? -1 : 1));
  const placed = new Map<string, string>();
  const dependencies: Record<string, string> = {};
  const queue: { source: string; target: string }[] = [];

  for (const [name, source] of sorted) {
    if (!lockfile.packages[source]) {
      throw new Error(
        `"${name}" (${source}) is not in package-lock.json: run npm install and commit the lockfile`,
      );
    }
    const target = `node_modules/${name}`;
    placed.set(target, source);
    dependencies[name] = versionOf(lockfile, source, name);
    queue.push({ source, target });
  }
  for (let next = queue.shift(); next; next = queue.shift()) {
    queue.push(...placeDependencies(lockfile, placed, next));
  }
  const packageJson: PrunedInstall['packageJson'] = {
    private: true,
    type: 'module',
    dependencies,
  };
  if (sorted.length === 0) return { packageJson };
  const packages: Record<string, NpmLockPackage> = { '': { dependencies } };
  for (const [target, source] of [...placed].sort(([a], [b]) => (a < b ? -1 : 1))) {
    packages[target] = production(lockfile.packages[source]!);
  }
  return { packageJson, lockfile: { lockfileVersion: 3, requires: true, packages } };
}

function placeDependencies(
  lockfile: NpmLockfile,
  placed: Map<string, string>,
  { source, target }: { source: string; target: string },
): { source: string; target: string }[] {
  const added: { source: string; target: string }[] = [];
  for (const { name, optional } of needs(lockfile.packages[source]!)) {
    const wanted = resolve(lockfile, source, name);
    if (wanted === undefined) {
      if (optional) continue;
      throw new Error(
        `"${name}", needed by ${source}, is not in package-lock.json: run npm install and commit the lockfile`,
      );
    }
    if (visible(placed, target, name) === wanted) continue;
    const top = `node_modules/${name}`;
    const place = placed.has(top) ? `${target}/${top}` : top;
    placed.set(place, wanted);
    added.push({ source: wanted, target: place });
  }
  return added;
}

function needs(entry: NpmLockPackage): { name: string; optional: boolean }[] {
  const optionalPeers = entry.peerDependenciesMeta ?? {};
  return [
    ...Object.keys(entry.dependencies ?? {}).map((name) => ({ name, optional: false })),
    ...Object.keys(entry.optionalDependencies ?? {}).map((name) => ({ name, optional: true })),
    ...Object.keys(entry.peerDependencies ?? {}).map((name) => ({
      name,
      optional: optionalPeers[name]?.optional === true,
    })),
  ].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
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
  if (entry.link) {
    throw new Error(`"${name}" is a package of this workspace and cannot be external: bundle it`);
  }
  if (entry.name !== undefined && entry.name !== name) {
    return `npm:${entry.name}@${entry.version ?? ''}`;
  }
  return entry.resolved?.startsWith('file:') ? entry.resolved : (entry.version ?? '*');
}

/** A lockfile entry as it stands where everything is a production dependency. */
function production(entry: NpmLockPackage): NpmLockPackage {
  const { dev: _dev, devOptional, peer: _peer, ...rest } = entry;
  return devOptional ? { ...rest, optional: true } : rest;
}
