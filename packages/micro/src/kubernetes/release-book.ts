import { gunzipSync, gzipSync } from 'node:zlib';
import { z } from 'zod';
import type { CanaryShare } from '../deployment/canary';
import { formatRevision, parseCommit } from '../deployment/commit';
import { nextNumber, releaseNamed } from '../deployment/release';
import type { LiveObject } from './live-object';
import { metadataOf, type KubernetesObject, type Scope } from './object';

const releaseSchema = z.object({
  number: z.int(),
  /** The image key of its content. */
  key: z.string(),
  /** By digest. */
  image: z.string(),
  /** See `formatCommit`; absent without git. */
  commit: z.string().optional(),
  /** When it was first deployed, ISO 8601. */
  since: z.string(),
  /** The hash of its objects. */
  hash: z.string(),
  /** Its objects, with the Secret under the name of the entry: they hold no value of it. */
  objects: z.array(z.record(z.string(), z.unknown())),
  secret: z.object({
    variables: z.array(z.string()).readonly(),
    files: z.array(z.string()).readonly(),
  }),
  /** The Secret that it was last deployed with. */
  secretName: z.string().optional(),
  /** The Jobs that ran before it, by name. */
  jobs: z.array(z.string()),
});

export type ClusterRelease = Omit<z.output<typeof releaseSchema>, 'objects'> & {
  objects: readonly KubernetesObject[];
};

const bookSchema = z.object({
  version: z.literal(1),
  /** The number of the release that serves. */
  current: z.int(),
  releases: z.array(releaseSchema),
  canary: z
    .object({
      weight: z.int(),
      header: z.object({ name: z.string(), value: z.string() }).optional(),
      ready: z.boolean(),
      release: releaseSchema,
    })
    .optional(),
});

/** A version that gets some of the requests beside the release that serves. */
export interface RunningCanary extends CanaryShare {
  /** Whether its pods were ready, so that it may get requests. */
  ready: boolean;
  /** What becomes the current release if it is promoted. */
  release: ClusterRelease;
}

/** The releases of one service that the cluster remembers, newest first. */
export interface ClusterBook {
  current: number;
  releases: readonly ClusterRelease[];
  canary?: RunningCanary | undefined;
}

const KEY = 'releases';

export function bookName(service: string): string {
  return `${service}-releases`;
}

export function isBook({ kind, metadata }: LiveObject): boolean {
  return kind === 'ConfigMap' && metadata.labels?.[COMPONENT] === 'releases';
}

const COMPONENT = 'app.kubernetes.io/component';

/** Compressed: releases are much like each other, and an object holds 1 MB at most. */
export function bookObject(scope: Scope, service: string, book: ClusterBook) {
  const { labels, ...metadata } = metadataOf(scope, bookName(service), { of: service });
  const text = JSON.stringify({ version: 1, ...book });
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { ...metadata, labels: { ...labels, [COMPONENT]: 'releases' } },
    binaryData: { [KEY]: gzipSync(text).toString('base64') },
  };
}

/** @returns `undefined` if it is not one of this version. */
export function parseBook({ binaryData }: LiveObject): ClusterBook | undefined {
  try {
    const text = gunzipSync(Buffer.from(binaryData?.[KEY] ?? '', 'base64')).toString();
    return bookSchema.safeParse(JSON.parse(text)).data as ClusterBook | undefined;
  } catch {
    return undefined;
  }
}

export function currentOf(book: ClusterBook | undefined): ClusterRelease | undefined {
  return book?.releases.find(({ number }) => number === book.current);
}

/** The commit that the present release was deployed from, as the label of an image names it. */
export function currentRevision(book: ClusterBook | undefined): string | undefined {
  const commit = parseCommit(currentOf(book)?.commit);
  return commit && formatRevision(commit);
}

/** The book once a release serves: it is the newest, or one that the service went back to. No canary runs then. */
export function withCurrent(
  book: ClusterBook | undefined,
  release: ClusterRelease,
  limit: number,
): ClusterBook {
  const others = (book?.releases ?? []).filter(({ number }) => number !== release.number);
  const sorted = [release, ...others].sort((a, b) => b.number - a.number);
  const kept = sorted.filter((one, index) => index < limit || one.number === release.number);
  return { current: release.number, releases: kept };
}

/** Numbers are not used again. */
export function nextRelease(book: ClusterBook | undefined): number {
  return nextNumber(book?.releases ?? []);
}

/** The release before the current one; a second rollback goes further back. */
export function releaseBefore(book: ClusterBook | undefined): ClusterRelease | undefined {
  return book?.releases.find(({ number }) => number < book.current);
}

/** Finds a release by its number (`7`, `r7`), the digest of its image, or its key (`k-…`, hex). */
export function releaseAt(book: ClusterBook | undefined, to: string): ClusterRelease | undefined {
  return releaseNamed(to, book?.releases ?? []);
}
