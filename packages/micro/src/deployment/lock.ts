import { z } from 'zod';
import { visible } from '../platform/visible';
import { NOTE_LABELS } from './labels';

/** Seconds between two signs of life of who holds the lock. */
export const BEAT = 5;
/** A lock whose holder gave no sign of life while somebody watched for that many seconds is nobody's. */
export const EXPIRY = 30;
/** A holder that could not renew the lock for that many seconds ends its work: before others take it for dead. */
export const UNRENEWED = 20;

/** Who deploys, as the lock's label says it. */
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
  /** Of this taking of the lock: two are told apart by it. */
  id: z.string(),
  /** ISO 8601, on the clock of who took it: for people only. */
  since: z.string(),
});
export type Lock = z.output<typeof lockSchema>;

/** A lock as it lies on the engine. */
export interface HeldLock {
  lock: Lock;
  /** Counts the signs of life of its holder. */
  beat: number;
}

/** `acme-production.lock`: one for each Compose project of an engine. */
export function lockName(project: string): string {
  return `${project}.lock`;
}

/** `acme-production.lock.12`: its twelfth sign of life. */
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

/** @returns `undefined` if nobody holds it; `beats` are the volumes of signs of life. */
export function parseHeldLock(
  table: string,
  project: string,
): { held: HeldLock | undefined; beats: string[] } {
  const rows = table.split('\n').map((line) => line.split('\t'));
  const label = rows.find(([name]) => name === lockName(project))?.[1];
  const beats = rows.flatMap(([name = '', , beat = '']) => (beat === '' ? [] : [{ name, beat }]));
  const found = { beats: beats.map(({ name }) => name) };
  if (label === undefined) return { ...found, held: undefined };
  const lock = lockSchema.safeParse(parseJson(label)).data ?? UNKNOWN;
  const counts = beats.flatMap(({ beat }) => {
    const [id, count] = beat.split(' ');
    return id === lock.id ? [Number(count)] : [];
  });
  return { ...found, held: { lock, beat: Math.max(0, ...counts) } };
}

const UNKNOWN: Lock = {
  ...{ user: 'somebody', pid: 0, run: '', command: 'unknown' },
  ...{ id: '', since: '' },
};

/** `ada@laptop since 12:00:05 UTC (pid 4711: nx run-many -t compose-deploy)` */
export function formatHolder({ user, pid, command, since }: Lock): string {
  return visible(`${user} since ${since.slice(11, 19)} UTC (pid ${pid}: ${command})`);
}

/** Somebody else's lock, watched from outside: no clock but the watcher's own decides whether it is dead. */
export class LockWatch {
  #seen: { id: string; beat: number; at: number } | undefined;
  /** Whether its holder gave a sign of life since the watch began. */
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
