import { z } from 'zod';
import type { CanaryShare, CanaryShares } from '../deployment/canary';
import { NOTE_LABELS } from '../deployment/labels';
import { readNote, writeNote, type NoteKind } from './numbered-note';
import type { ReleaseBook } from './release-book';

const CANARIES: NoteKind = {
  label: NOTE_LABELS.canaries,
  name: 'canaries',
  what: 'the shares of canaries',
};

const sharesSchema = z.record(
  z.string(),
  z.object({
    weight: z.number(),
    header: z.object({ name: z.string(), value: z.string() }).optional(),
  }),
);

/** Which requests the canaries of a project get. */
export async function readShares(book: ReleaseBook): Promise<CanaryShares> {
  const text = await readNote(book, CANARIES);
  const noted = text === undefined ? {} : (sharesSchema.safeParse(JSON.parse(text)).data ?? {});
  return new Map(
    Object.entries(noted).map(([service, { weight, header }]): [string, CanaryShare] => [
      service,
      { weight, ...(header ? { header } : {}) },
    ]),
  );
}

/** Replaces the record. Only the holder of the deploy lock may do this. */
export function noteShares(book: ReleaseBook, shares: CanaryShares): Promise<void> {
  return writeNote(book, CANARIES, JSON.stringify(Object.fromEntries(shares)));
}
