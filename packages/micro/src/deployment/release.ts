import { NOTE_LABELS, DEPLOY_LABELS } from './labels';
import { withoutSecrets } from './secrets';
import { type Container, isServing } from './container';
import type { ComposeSlice } from './slice';

/**
 * What the engine remembers of a deploy of one service, as labels of a container that is never
 * started. A container, because it holds the image: `docker image prune` leaves that alone.
 */
export interface Release {
  /** Of the container that holds it. */
  id: string;
  service: string;
  /** Counts up with every new content; `--to=7` goes back to it. */
  number: number;
  key: string;
  entryLabel: string;
  /** The pinned reference. */
  image: string;
  replicas: number;
  /**
   * Whether it is being rolled out, or was when its deploy was ended: what it replaces may not be
   * gone yet. It is told by the name, since labels of a container never change.
   */
  open: boolean;
  /** Whether it was there before it was opened: a rollback to it, or the same once more. */
  again: boolean;
  /** When it was first deployed, as the engine tells it. */
  since: string;
}

/** What a release is made of before the engine holds it. */
export type NewRelease = Omit<Release, 'id' | 'open' | 'again' | 'since'> & {
  project: string;
  slice: ComposeSlice;
};

/** `acme-production.orders.r7`; `….r7.open` while it is rolled out, `….r7.again` where not for the first time. */
export function releaseName(
  project: string,
  { service, number, open, again }: Pick<Release, 'service' | 'number' | 'open' | 'again'>,
): string {
  return `${project}.${service}.r${number}${open ? (again ? '.again' : '.open') : ''}`;
}

/** The labels as lines of `docker create --label-file`. */
export function releaseLabels(release: NewRelease): string {
  const labels: Record<string, string> = {
    [NOTE_LABELS.project]: release.project,
    [NOTE_LABELS.release]: String(release.number),
    [NOTE_LABELS.service]: release.service,
    [NOTE_LABELS.image]: release.image,
    [NOTE_LABELS.replicas]: String(release.replicas),
    [DEPLOY_LABELS.key]: release.key,
    [DEPLOY_LABELS.entry]: release.entryLabel,
    [NOTE_LABELS.compose]: JSON.stringify(release.slice),
  };
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

const label = (name: string) => `{{.Label "${name}"}}`;

/** What `docker container ls` is asked for, one column per fact; see {@link parseReleases}. */
export const RELEASE_COLUMNS = [
  '{{.ID}}',
  '{{.Names}}',
  '{{.CreatedAt}}',
  label(NOTE_LABELS.service),
  label(NOTE_LABELS.release),
  label(DEPLOY_LABELS.key),
  label(DEPLOY_LABELS.entry),
  label(NOTE_LABELS.image),
  label(NOTE_LABELS.replicas),
];

/** The newest first. */
export function parseReleases(table: string): Release[] {
  return table
    .split('\n')
    .map((line) => line.split('\t'))
    .filter((columns) => columns.length === RELEASE_COLUMNS.length)
    .map((columns): Release => {
      const [id, name, since, service, number, key, entryLabel, image, replicas] =
        columns as string[] & { length: 9 };
      return {
        id: id!,
        service: service!,
        number: Number(number),
        key: key!,
        entryLabel: entryLabel!,
        image: image!,
        replicas: Number(replicas),
        open: /\.(?:open|again)$/.test(name!),
        again: name!.endsWith('.again'),
        since: since!,
      };
    })
    .sort((a, b) => b.number - a.number);
}

/** Whether both are the same image run in the same way; values of secrets are no part of a release. */
export function isSameRelease(
  a: Pick<Release, 'key' | 'entryLabel'>,
  b: Pick<Release, 'key' | 'entryLabel'>,
): boolean {
  return a.key === b.key && withoutSecrets(a.entryLabel) === withoutSecrets(b.entryLabel);
}

/** The release that a container is of, by what it is made of. */
export function releaseOf(
  { labels }: Container,
  releases: readonly Release[],
): Release | undefined {
  const made = {
    key: labels[DEPLOY_LABELS.key] ?? '',
    entryLabel: labels[DEPLOY_LABELS.entry] ?? '',
  };
  return releases.find((release) => isSameRelease(release, made));
}

/** The number of the next release; numbers are not used again while the engine remembers them. */
export function nextNumber(releases: readonly Release[]): number {
  return Math.max(0, ...releases.map(({ number }) => number)) + 1;
}

/**
 * The release that serves, or that did until its containers ended. Where two do, it is the one that
 * was not just tried.
 */
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

/** The one before the current: what `--rollback` goes to; again, and it goes further back. */
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
  const done = releases.filter(({ open }) => !open);
  const number = /^r?(\d{1,9})$/.exec(to)?.[1];
  const numbered = done.find((release) => release.number === Number(number));
  if (numbered) return numbered;
  const digest = to.replace(/^.*@/, '');
  if (digest.startsWith('sha256:') && digest.length >= 15) {
    return done.find(({ image }) => image.includes(`@${digest}`));
  }
  const key = /^(?:k-)?([0-9a-f]{8,64})$/.exec(to)?.[1];
  return key === undefined ? undefined : done.find((release) => release.key.startsWith(key));
}

/** Releases that are open once the roll of `tried` failed. Among `known` it may be as it was before it was reopened. */
export function stillOpen(tried: Release, known: readonly Release[]): Release[] {
  return [tried, ...known.filter(({ id }) => id !== tried.id)].filter(({ open }) => open);
}

/** What is no longer to be remembered once `current` serves: doubles of it, and the oldest. */
export function surplusReleases(
  current: Release,
  releases: readonly Release[],
  limit: number,
): Release[] {
  const others = releases.filter(({ id }) => id !== current.id);
  const doubles = others.filter(
    (release) => (release.open && !release.again) || isSameRelease(release, current),
  );
  const kept = others.filter((release) => !doubles.includes(release));
  return [...doubles, ...kept.slice(limit - 1)];
}

/**
 * Containers that served before a deploy which was ended, where nothing serves now: they are brought
 * back before anything else is done. Those of a release that was there before go first, and of one
 * that was given other secrets those that were there first.
 */
export function planRevival(
  containers: readonly Container[],
  releases: readonly Release[],
): Container[] {
  if (!releases.some(({ open }) => open) || containers.some(isServing)) return [];
  const started = containers.filter(({ state }) => state === 'running' || state === 'exited');
  const isOpen = (container: Container) => releaseOf(container, releases)?.open ?? false;
  const closed = started.filter((container) => !isOpen(container));
  const newest = [...containers].sort((a, b) => numberOf(b) - numberOf(a))[0];
  const before =
    closed.length > 0
      ? closed
      : started.filter(({ labels }) => entryOf(labels) !== entryOf(newest?.labels ?? {}));
  const [first] = before.length > 0 ? before : started.filter(({ state }) => state === 'running');
  return started.filter(
    (container) =>
      first &&
      container.labels[DEPLOY_LABELS.key] === first.labels[DEPLOY_LABELS.key] &&
      entryOf(container.labels) === entryOf(first.labels),
  );
}

function entryOf(labels: Container['labels']): string | undefined {
  return labels[DEPLOY_LABELS.entry];
}

/** Compose counts the containers of a service up. */
function numberOf({ labels }: Container): number {
  return Number(labels['com.docker.compose.container-number'] ?? 0);
}
