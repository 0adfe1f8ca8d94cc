import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { NOTE_LABELS, DEPLOY_LABELS } from './labels';
import { type Commit, formatCommit, parseCommit } from './commit';
import { withoutSecrets } from './secrets';
import { type Container, isServing } from './container';
import type { ComposeSlice } from './slice';

/** What the engine remembers of a deploy of one service. */
export interface Release {
  /** What holds it: the name of a volume, or of earlier versions the id of a container that was never started. */
  id: string;
  heldBy: 'volume' | 'container';
  service: string;
  /** Counts up with every new content; `--to=7` goes back to it. */
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
  /** What it was first deployed from; absent without git and in notes of earlier versions. */
  commit?: Commit | undefined;
  /** Whether it is being rolled out, or was when its deploy was ended: what it replaces may not be gone yet. */
  open: boolean;
  /** Whether it was there before it was opened: a rollback to it, or the same once more. */
  again: boolean;
  /** When it was first deployed, ISO 8601; of earlier versions as the engine prints it. */
  since: string;
}

/** What a release is made of before the engine holds it. */
export type NewRelease = Omit<Release, 'id' | 'heldBy' | 'open' | 'again'> & {
  project: string;
  /** With references in the place of values: nothing in it is secret. */
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

export function markLabels(
  project: string,
  { service, number }: Pick<Release, 'service' | 'number'>,
  again: boolean,
): Record<string, string> {
  return {
    [NOTE_LABELS.project]: project,
    [NOTE_LABELS.mark]: again ? 'again' : 'open',
    [NOTE_LABELS.service]: service,
    [NOTE_LABELS.release]: String(number),
  };
}

/** One argument of a command holds 128 KiB on Linux, so that what may be longer is cut into several labels. */
const PART = 60_000;

export function releaseLabels(release: NewRelease): Record<string, string> {
  const text = deflateRawSync(JSON.stringify(release.slice)).toString('base64');
  const parts = text.match(new RegExp(`.{1,${PART}}`, 'g')) ?? [];
  return {
    [NOTE_LABELS.project]: release.project,
    [NOTE_LABELS.release]: String(release.number),
    [NOTE_LABELS.service]: release.service,
    [NOTE_LABELS.image]: release.image,
    [NOTE_LABELS.replicas]: String(release.replicas),
    [NOTE_LABELS.template]: release.template,
    [NOTE_LABELS.since]: release.since,
    ...(release.commit ? { [DEPLOY_LABELS.commit]: formatCommit(release.commit) } : {}),
    [DEPLOY_LABELS.key]: release.key,
    [DEPLOY_LABELS.entry]: release.entryLabel,
    ...Object.fromEntries(parts.map((part, index) => [`${NOTE_LABELS.compose}.${index}`, part])),
  };
}

/** The slice that {@link releaseLabels} put away. */
export function parseSlice(labels: Readonly<Record<string, string>>): ComposeSlice {
  const parts: string[] = [];
  for (let index = 0; ; index++) {
    const part = labels[`${NOTE_LABELS.compose}.${index}`];
    if (part === undefined) break;
    parts.push(part);
  }
  const text = inflateRawSync(Buffer.from(parts.join(''), 'base64')).toString();
  return JSON.parse(text) as ComposeSlice;
}

const label = (name: string) => `{{.Label "${name}"}}`;

/** What `docker volume ls` is asked for; see {@link parseReleases}. */
export const RELEASE_COLUMNS = [
  '{{.Name}}',
  label(NOTE_LABELS.mark),
  label(NOTE_LABELS.service),
  label(NOTE_LABELS.release),
  label(DEPLOY_LABELS.key),
  label(DEPLOY_LABELS.entry),
  label(NOTE_LABELS.template),
  label(NOTE_LABELS.image),
  label(NOTE_LABELS.replicas),
  label(DEPLOY_LABELS.commit),
  label(NOTE_LABELS.since),
];

/** All releases of a project. */
export function parseReleases(table: string): Release[] {
  const rows = table
    .split('\n')
    .map((line) => line.split('\t') as string[] & { length: 11 })
    .filter((columns) => columns.length === RELEASE_COLUMNS.length && columns[3] !== '');
  const marks = new Set(
    rows.flatMap(([, mark, service, number]) =>
      mark === '' ? [] : [`${service} ${number} ${mark}`],
    ),
  );
  return rows
    .filter(([, mark]) => mark === '')
    .map((columns): Release => {
      const [id, , service, number, key, entryLabel, template, image, replicas, commit, since] =
        columns;
      const again = marks.has(`${service} ${number} again`);
      return {
        id: id!,
        heldBy: 'volume',
        service: service!,
        number: Number(number),
        key: key!,
        entryLabel: entryLabel!,
        template: template!,
        image: image!,
        replicas: Number(replicas),
        commit: parseCommit(commit),
        open: again || marks.has(`${service} ${number} open`),
        again,
        since: since!,
      };
    });
}

/** What `docker container ls` is asked for: notes of earlier versions; see {@link parseHeldByContainers}. */
export const CONTAINER_COLUMNS = [
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

/** Earlier versions noted releases in the labels of containers, and by their names what became of them. */
export function parseHeldByContainers(table: string): Release[] {
  return table
    .split('\n')
    .map((line) => line.split('\t'))
    .filter((columns) => columns.length === CONTAINER_COLUMNS.length)
    .map((columns): Release => {
      const [id, name, since, service, number, key, entryLabel, image, replicas] =
        columns as string[] & { length: 9 };
      return {
        id: id!,
        heldBy: 'container',
        service: service!,
        number: Number(number),
        key: key!,
        entryLabel: entryLabel!,
        template: '',
        image: image!,
        replicas: Number(replicas),
        open: /\.(?:open|again)$/.test(name!),
        again: name!.endsWith('.again'),
        since: since!,
      };
    });
}

/** What tells releases apart. */
type Identity = Pick<Release, 'key' | 'entryLabel' | 'template'>;

/** Whether both are the same image run in the same way; values of secrets are no part of a release. */
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
