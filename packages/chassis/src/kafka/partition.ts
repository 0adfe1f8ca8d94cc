import type { ReadRecord } from './message.js';

/** A record that is not done yet. */
export interface Entry {
  readonly offset: bigint;
  readonly key: string | undefined;
  readonly record: ReadRecord;
  /** Not before this time, in milliseconds since 1970. */
  readonly dueAt: number;
  /** The next attempt, if it failed here and waits here. Default: what the record says. */
  readonly attempt?: number;
}

export interface PartitionStart {
  readonly topic: string;
  readonly topicId: string;
  readonly index: number;
  /** Where the group is. */
  readonly offset: bigint;
  /** How often a process took the record at `offset` and ended before it was done with any. */
  readonly claims: number;
  /** Whether its records are done one at a time, in their order. */
  readonly isSerial?: boolean;
}

/**
 * How far the group is in one partition. Records are done in any order, but the server only knows an offset: that of the
 * first one that is not done.
 */
export class Partition {
  readonly topic: string;
  readonly topicId: string;
  readonly index: number;
  readonly isSerial: boolean;
  /** From where to read on. */
  position: bigint;
  /** Read, and not being handled yet. */
  readonly queue: Entry[] = [];
  /** Resolves when the server knows that this process took the first record. */
  claiming: Promise<unknown> | undefined;
  /** What the server knows. */
  committed: bigint;
  committedNote: string;
  isRevoked = false;
  #claims: number;
  #claimedAt: bigint;
  #isClaimed = false;
  /** In the order of their offsets. */
  readonly #open = new Map<bigint, Entry>();
  readonly #keys = new Set<string>();
  #running = 0;

  constructor({ topic, topicId, index, offset, claims, isSerial = false }: PartitionStart) {
    this.topic = topic;
    this.topicId = topicId;
    this.index = index;
    this.isSerial = isSerial;
    this.position = offset;
    this.committed = offset;
    this.#claims = claims;
    this.#claimedAt = offset;
    this.committedNote = this.note;
  }

  get running(): number {
    return this.#running;
  }

  /** The first offset that is not done. */
  get base(): bigint {
    const [first] = this.#open.keys();
    return first ?? this.position;
  }

  /** Whether no other process got further since this one had it last. */
  continuesAt(topicId: string, offset: bigint): boolean {
    return topicId === this.topicId && offset >= this.committed && offset <= this.base;
  }

  /** How often the first record was taken without any getting done. */
  get claims(): number {
    return this.base === this.#claimedAt ? this.#claims : 0;
  }

  /** What the server keeps beside the offset: how often the record there was taken. */
  get note(): string {
    return this.claims > 0 ? String(this.claims) : '';
  }

  /** What the server does not know yet. */
  get isUncommitted(): boolean {
    return this.base !== this.committed || this.note !== this.committedNote;
  }

  /** One more process has it now. */
  claim(): void {
    this.#claims = this.claims + 1;
    this.#claimedAt = this.base;
    this.#isClaimed = true;
  }

  /** This process is done with the attempt and still there: the record did not end it. */
  #unclaim(): void {
    if (!this.#isClaimed) return;
    this.#claims--;
    this.#isClaimed = false;
    this.claiming = undefined;
  }

  add(entry: Entry): void {
    this.#open.set(entry.offset, entry);
    this.queue.push(entry);
    this.position = entry.offset + 1n;
  }

  /** The first one that may start now. Those with the same key wait for each other, and so do all after one that waits. */
  next(now: number): Entry | undefined {
    if (this.isSerial && this.#running > 0) return undefined;
    const before = new Set<string>();
    for (const [at, entry] of this.queue.entries()) {
      if (entry.dueAt > now) return undefined;
      const { key } = entry;
      if (key !== undefined && (this.#keys.has(key) || before.has(key))) {
        before.add(key);
        continue;
      }
      this.queue.splice(at, 1);
      this.#running++;
      if (key !== undefined) this.#keys.add(key);
      return entry;
    }
    return undefined;
  }

  finish(entry: Entry): void {
    this.#end(entry);
    this.#open.delete(entry.offset);
  }

  /** It is to be handled again. */
  putBack(entry: Entry, dueAt: number, attempt = entry.attempt): void {
    this.#end(entry);
    if (this.#running === 0 && entry.offset === this.base) this.#unclaim();
    const again = { ...entry, dueAt, ...(attempt === undefined ? {} : { attempt }) };
    this.#open.set(entry.offset, again);
    this.queue.unshift(again);
  }

  #end({ key }: Entry): void {
    this.#running--;
    if (key !== undefined) this.#keys.delete(key);
  }
}
