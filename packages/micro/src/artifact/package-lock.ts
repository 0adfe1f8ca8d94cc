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

/** What a package needs, and how much it minds if it is not there. */
export interface Need {
  name: string;
  kind: 'required' | 'optional' | 'peer' | 'optional-peer';
}

/** Everything that a package needs, each name once: as npm has it, optional wins over required over peer. */
export function needs(entry: NpmLockPackage): Need[] {
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
export function folderOf(place: string): string {
  return place.slice(0, place.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

/** Node's own lookup over the lockfile's paths: the nearest `node_modules` above `from`. */
export function resolve(lockfile: NpmLockfile, from: string, name: string): string | undefined {
  for (const directory of lookupPath(from)) {
    const candidate = `${directory}node_modules/${name}`;
    if (lockfile.packages[candidate]) return candidate;
  }
  return undefined;
}

export function visible(placed: ReadonlyMap<string, string>, from: string, name: string) {
  for (const directory of lookupPath(from)) {
    const source = placed.get(`${directory}node_modules/${name}`);
    if (source !== undefined) return source;
  }
  return undefined;
}

/** `node_modules/a/node_modules/b` -> itself, `node_modules/a`, and the root, each with a slash. */
export function lookupPath(from: string): string[] {
  const directories: string[] = [];
  for (let at = from; at !== '';) {
    if (!at.endsWith('node_modules')) directories.push(`${at}/`);
    const slash = at.lastIndexOf('/');
    at = slash < 0 ? '' : at.slice(0, slash);
  }
  return [...directories, ''];
}

export function notInLockfile(what: string): Error {
  return new Error(`${what} is not in package-lock.json: run npm install and commit the lockfile`);
}
