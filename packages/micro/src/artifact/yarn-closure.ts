import {
  applyResolutions,
  parseDescriptor,
  patchSource,
  withProtocol,
  type Descriptor,
  type Resolution,
} from './yarn-resolutions';
import { extensionsOf, type YarnSettings } from './yarn-settings';

/** A package that the image needs. */
export interface YarnRoot {
  path: string;
  /** Its own name and version, from its package.json. */
  name: string;
  version: string;
  /** Names of its optional dependencies, from its package.json. */
  optional?: readonly string[];
}

/** An entry of a `yarn.lock` of Yarn 4. Its key lists the descriptors that lead to it. */
export interface YarnPackage {
  version: string;
  resolution: string;
  dependencies?: Record<string, string>;
  dependenciesMeta?: Record<string, { optional?: boolean }>;
  peerDependencies?: Record<string, string>;
  [key: string]: unknown;
}

export type YarnEntries = Record<string, YarnPackage>;

/** `debug@npm:4.4.3` -> `debug` */
export function nameOf({ resolution }: YarnPackage): string {
  return parseDescriptor(resolution).name;
}

/** Collects packages of a `yarn.lock` with all that they need, each by the descriptors that are asked for. */
export class YarnClosure {
  /** What the image itself asks for: name -> range. */
  readonly dependencies = new Map<string, string>();
  /** Patterns of `resolutions` that had an effect. */
  readonly usedPatterns = new Set<string>();
  private readonly byDescriptor: ReadonlyMap<string, YarnPackage>;
  private readonly kept = new Map<YarnPackage, Set<string>>();

  constructor(
    private readonly all: YarnEntries,
    private readonly resolutions: readonly Resolution[],
    private readonly settings: YarnSettings,
  ) {
    this.byDescriptor = new Map(
      Object.entries(all).flatMap(([key, entry]) =>
        key.split(', ').map((descriptor) => [descriptor, entry] as const),
      ),
    );
  }

  packages(): YarnPackage[] {
    return [...this.kept.keys()];
  }

  has(name: string): boolean {
    return this.packages().some((entry) => nameOf(entry) === name);
  }

  /** As a lockfile has them: all descriptors of an entry in its key. */
  entries(): [string, YarnPackage][] {
    return [...this.kept].map(([entry, keys]) => [[...keys].sort().join(', '), entry]);
  }

  /** Asks for exactly what is installed, so that other ranges of the workspace make no other image. */
  addRoot(name: string, root: YarnRoot): void {
    const candidates = Object.entries(this.all).filter(
      ([, entry]) => nameOf(entry) === root.name && entry.version === root.version,
    );
    // A patched package also needs the entry of the package that it patches.
    const [key, entry] =
      candidates.find(([, { resolution }]) => patchSource(resolution)) ?? candidates[0] ?? [];
    if (key === undefined || entry === undefined) throw notInLockfile(`"${name}" (${root.path})`);
    requireInstallable(name, entry);
    const { range } = parseDescriptor(entry.resolution);
    if (range.startsWith('npm:')) {
      const exact = root.name === name ? range : `npm:${root.name}@${range.slice('npm:'.length)}`;
      this.addDependency({ name, range: exact }, entry);
    } else {
      const written = key.split(', ').find((one) => one.startsWith(`${name}@`)) ?? key;
      this.addDependency({ name, range: unbound(parseDescriptor(written).range) }, entry);
    }
  }

  /** Peers that the service brings, with which its packages were resolved. */
  addPeers(project: string): void {
    const workspace = Object.values(this.all).find(({ resolution }) =>
      resolution.endsWith(`@workspace:${project}`),
    );
    for (const [entry] of this.kept) {
      for (const peer of Object.keys(entry.peerDependencies ?? {})) {
        const range = workspace?.dependencies?.[peer];
        if (range === undefined || this.dependencies.has(peer)) continue;
        const applied = this.applied({ name: peer, range }, nameOf(workspace!));
        const found = this.find(applied);
        if (!found || found.resolution.includes('@workspace:')) continue;
        this.addRoot(peer, { path: project, name: nameOf(found), version: found.version });
      }
    }
  }

  private addDependency(descriptor: Descriptor, entry: YarnPackage): void {
    const applied = this.applied(descriptor, '');
    this.dependencies.set(descriptor.name, descriptor.range);
    const [bound = `${applied.name}@${applied.range}`] = this.keysOf(applied);
    this.keep(entry, bound);
  }

  private keep(entry: YarnPackage, key: string): void {
    const keys = this.kept.get(entry);
    if (keys) {
      keys.add(key);
      return;
    }
    this.kept.set(entry, new Set([key]));
    const source = patchSource(entry.resolution);
    if (source) this.need(source, entry, false);
    const needs = { ...entry.dependencies, ...extensionsOf(this.settings, nameOf(entry)) };
    for (const [name, written] of Object.entries(needs)) {
      const descriptor = this.applied({ name, range: withProtocol(written) }, nameOf(entry));
      this.need(descriptor, entry, entry.dependenciesMeta?.[name]?.optional === true);
    }
  }

  private need(descriptor: Descriptor, by: YarnPackage, isOptional: boolean): void {
    const found = this.find(descriptor);
    if (!found) {
      if (isOptional) return;
      throw notInLockfile(`"${descriptor.name}", needed by ${by.resolution},`);
    }
    requireInstallable(descriptor.name, found);
    this.keep(found, this.keysOf(descriptor)[0]!);
  }

  private applied(descriptor: Descriptor, from: string): Descriptor {
    const { pattern, ...applied } = applyResolutions(this.resolutions, descriptor, from);
    if (pattern !== undefined) this.usedPatterns.add(pattern);
    return applied;
  }

  private find(descriptor: Descriptor): YarnPackage | undefined {
    const [key] = this.keysOf(descriptor);
    return key === undefined ? undefined : this.byDescriptor.get(key);
  }

  /** The key of a local file also says which package names it. */
  private keysOf({ name, range }: Descriptor): string[] {
    const plain = `${name}@${range}`;
    if (this.byDescriptor.has(plain)) return [plain];
    return [...this.byDescriptor.keys()].filter((key) => key.startsWith(`${plain}::`));
  }
}

/** `file:a.tgz::locator=…` -> `file:a.tgz` */
function unbound(range: string): string {
  return range.split('::')[0]!;
}

function requireInstallable(name: string, { resolution }: YarnPackage): void {
  if (!/@(?:workspace|link|portal):/.test(resolution)) return;
  throw new Error(`"${name}" is a package of this workspace and cannot be external: bundle it`);
}

function notInLockfile(what: string): Error {
  return new Error(`${what} is not in yarn.lock: run yarn install and commit the lockfile`);
}
