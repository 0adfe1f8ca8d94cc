import {
  createVolumeArguments,
  listVolumesArguments,
  removeVolumesArguments,
} from '../docker/volume';
import { NOTE_LABELS } from '../deployment/labels';
import { runDocker } from './engine';
import type { ReleaseBook } from './release-book';

/**
 * A note on the engine of a project that is replaced as a whole. The labels of a volume cannot change, so each version of
 * it is a new volume.
 */
export interface NoteKind {
  /** The label that holds the text. */
  label: string;
  /** A part of the volume's name: `acme-production.commits.7`. */
  name: string;
  /** For errors: what it is about. */
  what: string;
}

interface Note {
  volume: string;
  number: number;
  text: string;
}

/** The text of a note; `undefined` if there is none. */
export async function readNote(book: ReleaseBook, kind: NoteKind): Promise<string | undefined> {
  return (await readNotes(book, kind))[0]?.text;
}

/** Replaces a note. Only the holder of the deploy lock may do this. */
export async function writeNote(book: ReleaseBook, kind: NoteKind, text: string): Promise<void> {
  const { runner, address, project } = book;
  const what = `Could not note ${kind.what} of ${project}`;
  const notes = await readNotes(book, kind);
  const labels = { [NOTE_LABELS.project]: project, [kind.label]: text };
  const name = `${project}.${kind.name}.${(notes[0]?.number ?? 0) + 1}`;
  await runDocker(runner, createVolumeArguments({ name, labels }), address, what);
  const old = notes.map(({ volume }) => volume);
  if (old.length > 0) await runDocker(runner, removeVolumesArguments(old), address, what);
}

/** The newest first. There are several only if a deploy was interrupted while it wrote one. */
async function readNotes(
  { runner, address, project }: ReleaseBook,
  { label, what }: NoteKind,
): Promise<Note[]> {
  const ours = `${NOTE_LABELS.project}=${project}`;
  const columns = ['{{.Name}}', `{{.Label "${label}"}}`];
  const args = listVolumesArguments(ours, columns);
  const { stdout } = await runDocker(runner, args, address, `Could not read ${what} of ${project}`);
  return stdout
    .split('\n')
    .map((line) => line.split('\t'))
    .flatMap(([volume = '', text = '']): Note[] =>
      text === '' ? [] : [{ volume, number: Number(volume.split('.').at(-1)), text }],
    )
    .sort((a, b) => b.number - a.number);
}
