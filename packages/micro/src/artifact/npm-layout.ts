import {
  folderOf,
  lookupPath,
  needs,
  notInLockfile,
  resolve,
  visible,
  type NpmLockfile,
} from './package-lock';

/** Where packages are placed: path in the image -> path in the workspace's lockfile. */
export type Layout = Map<string, string>;

/** Two versions of a package at one place. */
class LayoutConflict extends Error {}

/**
 * Lays out packages with all their dependencies: each at the top if its name is free there, otherwise below the one
 * package that needs it. So a version that npm had nested in a project keeps its place in the tree. If that would take
 * the place of another package's peer, what was nested in the workspace stays nested.
 */
export function layOut(
  lockfile: NpmLockfile,
  roots: ReadonlyMap<string, string>,
  ignoresPeers = false,
): Layout {
  try {
    return layOutAs(lockfile, roots, ignoresPeers, false);
  } catch (error) {
    if (!(error instanceof LayoutConflict)) throw error;
    return layOutAs(lockfile, roots, ignoresPeers, true);
  }
}

function layOutAs(
  lockfile: NpmLockfile,
  roots: ReadonlyMap<string, string>,
  ignoresPeers: boolean,
  staysNested: boolean,
): Layout {
  const layout: Layout = new Map();
  for (const [name, source] of roots) {
    if (!lockfile.packages[source]) throw notInLockfile(`"${name}" (${source})`);
    requireInstallable(lockfile, source, name);
    layout.set(`node_modules/${name}`, source);
  }
  // What is added while the loop runs is visited by it, too.
  for (const [target, source] of layout) {
    placeNeeds(lockfile, layout, target, source, ignoresPeers, staysNested);
  }
  requireSound(lockfile, layout);
  return layout;
}

/** Names under which packages are needed: those of the folders in which they lie. */
export function namesOf(layout: Layout): Set<string> {
  return new Set([...layout.keys()].map((target) => target.slice(folderOf(target).length)));
}

function requireInstallable(lockfile: NpmLockfile, path: string, name: string): void {
  if (!lockfile.packages[path]?.link) return;
  throw new Error(`"${name}" is a package of this workspace and cannot be external: bundle it`);
}

function placeNeeds(
  lockfile: NpmLockfile,
  layout: Layout,
  target: string,
  source: string,
  ignoresPeers: boolean,
  staysNested: boolean,
): void {
  for (const { name, kind } of needs(lockfile.packages[source]!)) {
    const wanted = resolve(lockfile, source, name);
    if (wanted === undefined) {
      if (kind === 'optional' || kind === 'optional-peer') continue;
      if (kind === 'peer' && ignoresPeers) continue;
      throw notInLockfile(`"${name}", needed by ${source},`);
    }
    if (visible(layout, target, name) === wanted) continue;
    requireInstallable(lockfile, wanted, name);
    const isPeer = kind === 'peer' || kind === 'optional-peer';
    const bundled = bundledPlace(lockfile, wanted, source, target);
    if (bundled) layout.set(bundled, wanted);
    else if (staysNested && canStay(layout, wanted, target)) layout.set(wanted, wanted);
    else
      place(lockfile, layout, name, wanted, isPeer ? folderOf(target) : `${target}/node_modules/`);
  }
}

/** Whether a package's place in the workspace is there in the image, too, and `target` looks there. */
function canStay(layout: Layout, wanted: string, target: string): boolean {
  const owner = folderOf(wanted).slice(0, -'/node_modules/'.length);
  return (
    !layout.has(wanted) &&
    wanted.startsWith('node_modules/') &&
    (owner === '' || layout.get(owner) === owner) &&
    lookupPath(target).includes(owner === '' ? '' : `${owner}/`)
  );
}

/** Puts a package at the top if its name is free there and its peers are the expected ones, else into `folder`. */
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
    throw new LayoutConflict(
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

/** Packages inside a package's own archive stay at their place in it. */
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
      throw new LayoutConflict(
        `"${name}" is needed as ${wanted} and as ${visible(layout, target, name)!} by packages that share it: align the versions`,
      );
    }
  }
}

/** Places that must be there; what is reached through optional needs alone may fail to install. */
export function requiredPlaces(
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
