import { formatImageReference, parseImageReference } from '../../platform/image-reference';

/** What a registry says of an image. */
export type RegistryAnswer =
  | { kind: 'there'; digest: string; created?: string }
  | { kind: 'missing' }
  | { kind: 'unknown'; reason: string };

/** A base image as Dockerfiles name it, with the services that are built on it. */
export interface NamedBase {
  /** `node:24-bookworm-slim@sha256:…` */
  name: string;
  services: readonly string[];
}

/** What is known of a base image. */
export interface Base {
  name: string;
  services: readonly string[];
  /** What it is pinned to; absent if the tag decides. */
  digest?: string;
  /** When the image that is used now was built, ISO 8601. */
  created?: string;
  /** The digest that its tag names now. */
  now?: string;
  /** What the tag names now, if it is another image than the pinned one. */
  newer?: { digest: string; created?: string };
  state: 'current' | 'not pinned' | 'outdated' | 'no tag' | 'missing' | 'unknown';
  /** Why its state is not known. */
  reason?: string;
}

/** The name by its tag, without a digest; `undefined` if it has a digest alone. */
export function tagName(name: string): string | undefined {
  const { digest, ...reference } = parseImageReference(name);
  if (digest !== undefined && reference.tag === undefined) return undefined;
  return formatImageReference({ tag: 'latest', ...reference });
}

/** The same with the digest of what its tag names now. */
export function pinnedName(name: string, digest: string): string {
  return formatImageReference({ ...parseImageReference(tagName(name) ?? name), digest });
}

/**
 * @param byTag what the tag names now; `undefined` if there is no tag.
 * @param byDigest what it is pinned to; `undefined` if it is not pinned.
 */
export function reportBase(
  { name, services }: NamedBase,
  byTag: RegistryAnswer | undefined,
  byDigest: RegistryAnswer | undefined,
): Base {
  const { digest } = parseImageReference(name);
  const used = byDigest ?? byTag;
  const base = {
    name,
    services,
    ...(digest === undefined ? {} : { digest }),
    ...(used?.kind === 'there' && used.created !== undefined ? { created: used.created } : {}),
    ...(byTag?.kind === 'there' ? { now: byTag.digest } : {}),
  };
  const failed = [byTag, byDigest].find((answer) => answer?.kind === 'unknown');
  if (failed?.kind === 'unknown') return { ...base, state: 'unknown', reason: failed.reason };
  if (used?.kind === 'missing') return { ...base, state: 'missing' };
  if (byTag === undefined) return { ...base, state: 'no tag' };
  if (digest === undefined) return { ...base, state: 'not pinned' };
  // A tag that is gone has nothing newer.
  if (byTag.kind !== 'there' || byTag.digest === digest) return { ...base, state: 'current' };
  const { kind: _, ...newer } = byTag;
  return { ...base, state: 'outdated', newer };
}

/** Rows of a table: name, digest, age, what to know, services. */
export function baseRows(bases: readonly Base[], now: number): string[][] {
  return bases.map((base) => [
    tagName(base.name) ?? base.name.split('@')[0]!,
    base.digest?.slice(0, 19) ?? '-',
    base.created === undefined ? '-' : age(base.created, now),
    says(base, now),
    base.services.join(', '),
  ]);
}

function says({ state, newer }: Base, now: number): string {
  switch (state) {
    case 'current':
      return 'up to date';
    case 'not pinned':
      return 'not pinned';
    case 'outdated': {
      const since = newer!.created === undefined ? '' : `, ${age(newer!.created, now)} old`;
      return `newer: ${newer!.digest.slice(0, 19)}${since}`;
    }
    case 'no tag':
      return 'has no tag, so nothing says which image is newer';
    case 'missing':
      return 'not in the registry';
    case 'unknown':
      return 'cannot tell';
  }
}

const DAY = 24 * 60 * 60 * 1000;

function age(created: string, now: number): string {
  const days = Math.floor((now - Date.parse(created)) / DAY);
  // Images that are built to be equal have a date such as 1970.
  if (!(days >= 0 && days < 36_500 / 2)) return '-';
  return days === 1 ? '1 day' : `${days} days`;
}
