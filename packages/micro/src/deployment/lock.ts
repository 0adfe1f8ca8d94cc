import { z } from 'zod';
import { visible } from '../platform/visible';
import { NOTE_LABELS } from './labels';

/** Seconds between two renewals of the lock. */
export const BEAT = 5;
/** A lock that was not renewed for this many seconds, as seen by a waiting deploy, can be taken. */
export const EXPIRY = 30;
/** A holder that cannot renew the lock for this many seconds stops its work, before others may take the lock. */
export const UNRENEWED = 20;

/** Who holds the lock, as recorded in its label. */
export const holderSchema = z.object({
  /** `ada@laptop` */
  user: z.string(),
  pid: z.number(),
  /** Tasks of one Nx command have the same. */
  run: z.string(),
  /** What was typed, for example `nx run-many -t compose-deploy`. */
  command: z.string(),
});
export type Holder = z.output<typeof holderSchema>;

const lockSchema = holderSchema.extend({
  /** Identifies this lock, so that two locks of one user can be told apart. */
  id: z.string(),
  /** ISO 8601, by the clock of the holder's machine: for people only. */
  since: z.string(),
});
export type Lock = z.output<typeof lockSchema>;

/** A lock as stored on the engine. */
export interface HeldLock {
  lock: Lock;
  /** Counts the renewals by its holder. */
  beat: number;
}

/** `acme-production.lock`: one for each Compose project of an engine. */
export function lockName(project: string): string {
  return `${project}.lock`;
}

/** `acme-production.lock.12`: its twelfth renewal. */
export function beatName(project: string, beat: number): string {
  return `${lockName(project)}.${beat}`;
}

export function lockLabels(project: string, lock: Lock): Record<string, string> {
  return { [NOTE_LABELS.project]: project, [NOTE_LABELS.lock]: JSON.stringify(lock) };
}

export function beatLabels(project: string, { id }: Lock, beat: number): Record<string, string> {
  return { [NOTE_LABELS.project]: project, [NOTE_LABELS.beat]: `${id} ${beat}` };
}

/** What `docker volume ls` is asked for; see {@link parseHeldLock}. */
export const LOCK_COLUMNS = [
  '{{.Name}}',
  `{{.Label "${NOTE_LABELS.lock}"}}`,
  `{{.Label "${NOTE_LABELS.beat}"}}`,
];

/** @returns `undefined` if it is free; `beats` are the volumes that record renewals. */
export function parseHeldLock(
  table: string,
  project: string,
): { held: HeldLock | undefined; beats: string[] } {
  const rows = table.split('\n').map((line) => line.split('\t'));
  const label = rows.find(([name]) => name === lockName(project))?.[1];
  const beats = rows.flatMap(([name = '', , beat = '']) => (beat === '' ? [] : [{ name, beat }]));
  const found = { beats: beats.map(({ name }) => name) };
  if (label === undefined) return { ...found, held: undefined };
  const lock = parseLock(label);
  const counts = beats.flatMap(({ beat }) => {
    const [id, count] = beat.split(' ');
    return id === lock.id ? [Number(count)] : [];
  });
  return { ...found, held: { lock, beat: Math.max(0, ...counts) } };
}

/** A lock from its JSON; one of somebody unknown if it is none. */
export function parseLock(text: string): Lock {
  return lockSchema.safeParse(parseJson(text)).data ?? UNKNOWN;
}

const UNKNOWN: Lock = {
  ...{ user: 'somebody', pid: 0, run: '', command: 'unknown' },
  ...{ id: '', since: '' },
};

/** `ada@laptop since 12:00:05 UTC (pid 4711: nx run-many -t compose-deploy)` */
export function formatHolder({ user, pid, command, since }: Lock): string {
  return visible(`${user} since ${since.slice(11, 19)} UTC (pid ${pid}: ${command})`);
}

/** Watches the lock of another holder. Only the watcher's own clock decides whether it has expired. */
export class LockWatch {
  #seen: { id: string; beat: number; at: number } | undefined;
  /** Whether its holder renewed it since the watch began. */
  #alive = false;

  /** @param now seconds on a clock that never goes back. */
  look({ lock: { id }, beat }: HeldLock, now: number): 'alive' | 'silent' | 'dead' {
    if (this.#seen?.id !== id || this.#seen.beat !== beat) {
      this.#alive = this.#seen !== undefined;
      this.#seen = { id, beat, at: now };
      return this.#alive ? 'alive' : 'silent';
    }
    if (now - this.#seen.at > EXPIRY) return 'dead';
    return this.#alive ? 'alive' : 'silent';
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
