import type { Commit } from './commit';
import { DEPLOY_LABELS } from './labels';
import { withoutSecrets } from './secrets';
import { type Container, isServing } from './container';
import type { ComposeSlice } from './slice';

/** A deploy of one service, as recorded on the engine. */
export interface Release {
  /**
   * Where it is recorded: the name of a volume, or for earlier versions the id of a container that was never started.
   */
  id: string;
  heldBy: 'volume' | 'container';
  service: string;
  /** Increases with every new content; `--to=7` goes back to it. */
  number: number;
  key: string;
  entryLabel: string;
  /**
   * The label of its entry with references in the place of values: the same if only a password was rotated. Empty in
   * notes of earlier versions.
   */
  template: string;
  /** The pinned reference. */
  image: string;
  replicas: number;
  /** The commit of its first deploy; absent without git and in records of earlier versions. */
  commit?: Commit | undefined;
  /** Whether it is being rolled out, or its deploy was interrupted. The containers that it replaces may still exist. */
  open: boolean;
  /** Whether it was there before it was opened: a rollback to it, or the same once more. */
  again: boolean;
  /** When it was first deployed, ISO 8601; of earlier versions as the engine prints it. */
  since: string;
}

/** A release that is not recorded yet. */
export type NewRelease = Omit<Release, 'id' | 'heldBy' | 'open' | 'again'> & {
  project: string;
  /** With references instead of values: it contains no secret. */
  slice: ComposeSlice;
};

/** `acme-production.orders.r7` */
export function releaseName(
  project: string,
  { service, number }: Pick<Release, 'service' | 'number'>,
): string {
  return `${project}.${service}.r${number}`;
}

/** The mark of a release that is being rolled out: `acme-production.orders.r7.open`, `….again` if not for the first time. */
export function markName(
  project: string,
  release: Pick<Release, 'service' | 'number'>,
  again: boolean,
): string {
  return `${releaseName(project, release)}.${again ? 'again' : 'open'}`;
}

/** What makes two releases different. */
type Identity = Pick<Release, 'key' | 'entryLabel' | 'template'>;

/** Whether both run the same image in the same way. Values of secrets are not part of a release. */
export function isSameRelease(a: Identity, b: Identity): boolean {
  if (a.key !== b.key) return false;
  return a.template !== '' && b.template !== ''
    ? a.template === b.template
    : withoutSecrets(a.entryLabel) === withoutSecrets(b.entryLabel);
}

/** The release that a container is of. */
export function releaseOf(
  { labels }: Container,
  releases: readonly Release[],
): Release | undefined {
  const key = labels[DEPLOY_LABELS.key] ?? '';
  const number = Number(labels[DEPLOY_LABELS.release]);
  const made = { key, entryLabel: labels[DEPLOY_LABELS.entry] ?? '', template: '' };
  return (
    releases.find((release) => release.number === number && release.key === key) ??
    releases.find((release) => isSameRelease(release, made))
  );
}

/** The number of the next release; numbers are not used again while the engine remembers them. */
export function nextNumber(releases: readonly Pick<Release, 'number'>[]): number {
  return Math.max(0, ...releases.map(({ number }) => number)) + 1;
}

/** The release that serves, or did until its containers stopped. If two do, it is the one that is not open. */
export function currentRelease(
  containers: readonly Container[],
  releases: readonly Release[],
): Release | undefined {
  const serving = containers.filter(isServing);
  const found = (serving.length > 0 ? serving : containers).flatMap(
    (container) => releaseOf(container, releases) ?? [],
  );
  return found.find(({ open }) => !open) ?? found[0];
}

/** The release before the current one, to which `--rollback` goes; a second rollback goes further back. */
export function previousRelease(
  current: Release | undefined,
  releases: readonly Release[],
): Release | undefined {
  return releases.find(
    (release) =>
      !release.open &&
      (!current || (release.number < current.number && !isSameRelease(release, current))),
  );
}

/** Finds a release by its number (`7`, `r7`), the digest of its image, or its key (`k-…`, hex). */
export function findRelease(to: string, releases: readonly Release[]): Release | undefined {
  return releaseNamed(
    to,
    releases.filter(({ open }) => !open),
  );
}

/** The same for releases of any engine that are all done. */
export function releaseNamed<R extends Pick<Release, 'number' | 'image' | 'key'>>(
  to: string,
  releases: readonly R[],
): R | undefined {
  const number = /^r?(\d{1,9})$/.exec(to)?.[1];
  const numbered = releases.find((release) => release.number === Number(number));
  if (numbered) return numbered;
  const digest = to.replace(/^.*@/, '');
  if (digest.startsWith('sha256:') && digest.length >= 15) {
    return releases.find(({ image }) => image.includes(`@${digest}`));
  }
  const key = /^(?:k-)?([0-9a-f]{8,64})$/.exec(to)?.[1];
  return key === undefined ? undefined : releases.find((release) => release.key.startsWith(key));
}
