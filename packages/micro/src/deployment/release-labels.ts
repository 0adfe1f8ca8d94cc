import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { formatCommit, parseCommit } from './commit';
import { DEPLOY_LABELS, NOTE_LABELS } from './labels';
import type { NewRelease, Release } from './release';
import type { ComposeSlice } from './slice';

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

/** A command argument holds at most 128 KiB on Linux, so longer values are split into several labels. */
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

/** Earlier versions recorded releases in the labels of containers, and their state in the containers' names. */
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
