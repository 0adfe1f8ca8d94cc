import { z } from 'zod';
import { type Confirmed, formatCommit, parseCommit } from '../deployment/commit';
import { NOTE_LABELS } from '../deployment/labels';
import {
  createVolumeArguments,
  listVolumesArguments,
  removeVolumesArguments,
} from '../docker/volume';
import { runDocker } from './engine';
import type { ReleaseBook } from './release-book';

const notedSchema = z.record(z.string(), z.object({ release: z.number(), commit: z.string() }));

/** A record and its number. The labels of a volume cannot change, so each record is a new volume. */
interface Note {
  volume: string;
  number: number;
  confirmed: Confirmed;
}

/** The later commits whose deploy left the running container as it was. */
export async function readConfirmed(book: ReleaseBook): Promise<Confirmed> {
  return (await readNotes(book))[0]?.confirmed ?? new Map();
}

/** Replaces the record. Only the holder of the deploy lock may do this. */
export async function noteConfirmed(book: ReleaseBook, confirmed: Confirmed): Promise<void> {
  const { runner, address, project } = book;
  const what = `Could not note the commit that ${project} was deployed from`;
  const notes = await readNotes(book);
  const noted = Object.fromEntries(
    [...confirmed].map(([service, { release, commit }]) => [
      service,
      { release, commit: formatCommit(commit) },
    ]),
  );
  const labels = {
    [NOTE_LABELS.project]: project,
    [NOTE_LABELS.confirmed]: JSON.stringify(noted),
  };
  const name = `${project}.commits.${(notes[0]?.number ?? 0) + 1}`;
  await runDocker(runner, createVolumeArguments({ name, labels }), address, what);
  const old = notes.map(({ volume }) => volume);
  if (old.length > 0) await runDocker(runner, removeVolumesArguments(old), address, what);
}

/** The newest first. There are several only if a deploy was interrupted while it wrote one. */
async function readNotes({ runner, address, project }: ReleaseBook): Promise<Note[]> {
  const ours = `${NOTE_LABELS.project}=${project}`;
  const columns = ['{{.Name}}', `{{.Label "${NOTE_LABELS.confirmed}"}}`];
  const what = `Could not read the commits that ${project} was deployed from`;
  const { stdout } = await runDocker(runner, listVolumesArguments(ours, columns), address, what);
  return stdout
    .split('\n')
    .map((line) => line.split('\t'))
    .flatMap(([volume = '', label = '']): Note[] =>
      label === ''
        ? []
        : [{ volume, number: Number(volume.split('.').at(-1)), confirmed: parseNoted(label) }],
    )
    .sort((a, b) => b.number - a.number);
}

function parseNoted(label: string): Confirmed {
  const noted = notedSchema.safeParse(JSON.parse(label)).data ?? {};
  return new Map(
    Object.entries(noted).flatMap(([service, { release, commit }]) => {
      const parsed = parseCommit(commit);
      return parsed ? [[service, { release, commit: parsed }] as const] : [];
    }),
  );
}
