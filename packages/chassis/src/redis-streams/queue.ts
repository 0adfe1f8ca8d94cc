import { deadHeaders } from '../events/dead-letter.js';
import type { DeadReason } from '../events/event-outcome.js';
import type { RedisConnection } from './connection.js';
import type { Entry } from './message.js';
import { BURY, FINISH, PAUSE, TEND } from './scripts.js';
import { ABANDONED_MS, type HandlerKeys } from './topology.js';

/** How many entries are put into the queue again in one step. */
const TEND_BATCH = 100;

/** What a handler does with its queue. Each is one step of the server. */
export interface HandlerQueue {
  readonly keys: HandlerKeys;
  /**
   * Takes new entries. An empty list if none came in time.
   *
   * @throws {RedisReplyError}
   */
  take(count: number, blockMs: number): Promise<Entry[]>;
  /**
   * Creates what is missing, and makes entries available again that waited long enough or that were abandoned.
   *
   * @returns in how many milliseconds the next one has waited long enough.
   */
  tend(): Promise<number>;
  /** Says that an entry is still being handled. */
  keep(id: string): Promise<void>;
  finish(id: string): Promise<void>;
  /** Resolves with false if another process has it by now. */
  pause(id: string, delayMs: number, attempt: number): Promise<boolean>;
  /** Resolves with false if another process has it by now. */
  bury(id: string, reason: DeadReason, error: unknown, attempt: number): Promise<boolean>;
}

/** A queue whose events can overtake each other. */
export class Queue implements HandlerQueue {
  constructor(
    private readonly commands: RedisConnection,
    /** Of its own, because the server answers nothing else on it while it waits for an event. */
    private readonly reader: RedisConnection,
    readonly keys: HandlerKeys,
  ) {}

  async take(count: number, blockMs: number): Promise<Entry[]> {
    const { queue, group } = this.keys;
    const answer = await this.reader.run((client) =>
      client.xreadgroup(
        ...(['GROUP', group, group, 'COUNT', count, 'BLOCK', blockMs] as const),
        ...(['STREAMS', queue, '>'] as const),
      ),
    );
    const streams = (answer ?? []) as [queue: string, entries: Entry[]][];
    return streams.flatMap(([, entries]) => entries);
  }

  async tend(): Promise<number> {
    const { handlers, queue, paused, group } = this.keys;
    const args = [group, ABANDONED_MS, TEND_BATCH];
    const nextMs = await this.commands.runScript(TEND, [handlers, queue, paused], args);
    return nextMs === -1 ? Infinity : Number(nextMs);
  }

  async keep(id: string): Promise<void> {
    const { queue, group } = this.keys;
    await this.commands.run((client) => client.xclaim(queue, group, group, 0, id, 'JUSTID'));
  }

  async finish(id: string): Promise<void> {
    const { queue, group } = this.keys;
    await this.commands.runScript(FINISH, [queue], [group, id]);
  }

  async pause(id: string, delayMs: number, attempt: number): Promise<boolean> {
    const { queue, paused, group } = this.keys;
    const args = [group, id, delayMs, attempt];
    return (await this.commands.runScript(PAUSE, [queue, paused], args)) === 1;
  }

  async bury(id: string, reason: DeadReason, error: unknown, attempt: number): Promise<boolean> {
    const { queue, dead, group } = this.keys;
    const args = [group, id, ...Object.entries(deadHeaders(reason, error, attempt)).flat()];
    return (await this.commands.runScript(BURY, [queue, dead], args)) === 1;
  }
}
