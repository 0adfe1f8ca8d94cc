import { z } from 'zod';
import { type Confirmed, formatCommit, parseCommit } from '../deployment/commit';
import { NOTE_LABELS } from '../deployment/labels';
import { readNote, writeNote, type NoteKind } from './numbered-note';
import type { ReleaseBook } from './release-book';

const COMMITS: NoteKind = {
  label: NOTE_LABELS.confirmed,
  name: 'commits',
  what: 'the commits of unchanged services',
};

const notedSchema = z.record(z.string(), z.object({ release: z.number(), commit: z.string() }));

/** The later commits whose deploy left the running container as it was. */
export async function readConfirmed(book: ReleaseBook): Promise<Confirmed> {
  const text = await readNote(book, COMMITS);
  return text === undefined ? new Map() : parseNoted(text);
}

/** Replaces the record. Only the holder of the deploy lock may do this. */
export async function noteConfirmed(book: ReleaseBook, confirmed: Confirmed): Promise<void> {
  const noted = Object.fromEntries(
    [...confirmed].map(([service, { release, commit }]) => [
      service,
      { release, commit: formatCommit(commit) },
    ]),
  );
  await writeNote(book, COMMITS, JSON.stringify(noted));
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
