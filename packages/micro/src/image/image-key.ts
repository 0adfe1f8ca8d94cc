import { createHash } from 'node:crypto';

/**
 * Changes if the same content must get another key, for example when a hash was incomplete. Version 2
 * always has the platform, and tells base images by their layers.
 */
const KEY_VERSION = 2;

/** A file that goes into an image. */
export interface KeyFile {
  /** Relative to the root of its tree, with forward slashes. */
  path: string;
  executable: boolean;
  /** sha256 of the content, hex. */
  hash: string;
}

/** Everything that decides an image's content. */
export interface ImageContent {
  /** Its text without comments. */
  dockerfile: string;
  /** The artifact, and whatever else of the main context the Dockerfile reads. */
  artifact: readonly KeyFile[];
  context: readonly KeyFile[];
  /** Files of further named contexts that are folders, by name. */
  contexts: Readonly<Record<string, readonly KeyFile[]>>;
  buildArgs: Readonly<Record<string, string>>;
  labels: Readonly<Record<string, string>>;
  target: string | undefined;
  platforms: readonly string[];
  /** Base images as the Dockerfile names them, each with its content if that could be read. */
  baseImages: Readonly<Record<string, string | undefined>>;
  /** Addresses that the build reads, each with its commit or checksum. */
  remotes: Readonly<Record<string, string>>;
  /** Names of secrets and further build options; values of secrets are never part of a key. */
  options: readonly string[];
}

/** The key and, for saying what changed, one hash per part of the content. */
export interface ImageKey {
  /** sha256, hex. */
  key: string;
  parts: Readonly<Record<string, string>>;
}

/** Computes the key; equal content gives equal keys on every machine. */
export function imageKey(content: ImageContent): ImageKey {
  const parts: Record<string, string> = {
    Dockerfile: sha256(content.dockerfile),
    ...fileParts('artifact', content.artifact),
    ...fileParts('context', content.context),
    ...Object.fromEntries(
      sortedEntries(content.contexts).flatMap(([name, files]) =>
        Object.entries(fileParts(`context ${name}`, files)),
      ),
    ),
    'build arguments': hashOf(sortedEntries(content.buildArgs)),
    labels: hashOf(sortedEntries(content.labels)),
    target: hashOf(content.target ?? null),
    platforms: hashOf([...content.platforms].sort()),
    options: hashOf([...content.options].sort()),
    ...Object.fromEntries(
      sortedEntries(content.baseImages).map(([name, digest]) => [
        `base image ${name}`,
        hashOf(digest ?? null),
      ]),
    ),
    ...Object.fromEntries(
      sortedEntries(content.remotes).map(([address, version]) => [
        `address ${address}`,
        hashOf(version),
      ]),
    ),
  };
  return { key: hashOf([KEY_VERSION, sortedEntries(parts)]), parts };
}

/** A name for the content of an artifact: hex, other files give another. */
export function artifactDigest(files: readonly KeyFile[]): string {
  return hashOf(sortedEntries(fileParts('artifact', files))).slice(0, 32);
}

/** The tag that carries a key: `k-` and 32 of its 64 digits; the label has all of them. */
export function keyTag(key: string): string {
  return `k-${key.slice(0, 32)}`;
}

/** Which parts differ, sorted, with the artifact's files by their own names: `["main.js"]`. */
export function changedParts(before: ImageKey['parts'], after: ImageKey['parts']): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((part) => before[part] !== after[part])
    .map((part) => part.replace(/^artifact\//, ''))
    .sort();
}

/** The slash keeps a file that is called `labels` apart from the part of that name. */
function fileParts(folder: string, files: readonly KeyFile[]): Record<string, string> {
  return Object.fromEntries(
    files.map(({ path, executable, hash }) => [`${folder}/${path}`, hashOf([executable, hash])]),
  );
}

function sortedEntries<Value>(record: Readonly<Record<string, Value>>): [string, Value][] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

function hashOf(value: unknown): string {
  return sha256(JSON.stringify(value));
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
