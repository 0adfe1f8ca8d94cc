import { deadHeaders } from '../events/dead-letter.js';
import type { DeadReason } from '../events/event-outcome.js';
import { ATTEMPT } from '../events/event-wire.js';
import type { RedisConnection } from './connection.js';
import type { Entry } from './message.js';
import type { HandlerQueue } from './queue.js';
import { BURY_TURN, FINISH_TURN, KEEP_TURN, TAKE_TURN, type Script } from './scripts.js';
import { ABANDONED_MS, type HandlerKeys } from './topology.js';

/** How often it looks whether the first entry is free. Nobody says so. */
const LOOK_MS = 1000;

type Taken = [id: string, fields: string[], attempt: number];
type NotTaken = [leftMs: number, lastId: string];

/**
 * A partition of events with an order. Only the first entry can be taken, by one process at a time. It is the first one
 * until it is handled or a dead letter.
 *
 * Its ids name an entry and the attempt, so that a process that lost an entry cannot end the attempt of another one.
 */
export class OrderedQueue implements HandlerQueue {
  constructor(
    private readonly commands: RedisConnection,
    private readonly reader: RedisConnection,
    readonly keys: HandlerKeys,
  ) {}

  async take(_count: number, blockMs: number): Promise<Entry[]> {
    const { queue, turn } = this.keys;
    const answer = await this.#run(TAKE_TURN, [queue, turn], ABANDONED_MS);
    if ((answer as unknown[]).length === 3) {
      const [id, fields, attempt] = answer as Taken;
      return [[`${id} ${attempt}`, [...fields, ATTEMPT, String(attempt)]]];
    }
    const [leftMs, lastId] = answer as NotTaken;
    const limitMs = leftMs === -1 ? blockMs : Math.min(blockMs, leftMs, LOOK_MS);
    const waiting = ['COUNT', 1, 'BLOCK', Math.max(1, limitMs)] as const;
    await this.reader.run((client) => client.xread(...waiting, 'STREAMS', queue, lastId));
    return [];
  }

  /** A server without these keys is one without events. */
  tend(): Promise<number> {
    return Promise.resolve(Infinity);
  }

  async keep(id: string): Promise<void> {
    const [, attempt] = partsOf(id);
    await this.#wait(id, ABANDONED_MS, attempt);
  }

  async finish(id: string): Promise<void> {
    const { queue, turn } = this.keys;
    await this.#run(FINISH_TURN, [queue, turn], ...partsOf(id));
  }

  pause(id: string, delayMs: number, attempt: number): Promise<boolean> {
    return this.#wait(id, delayMs, attempt - 1);
  }

  async bury(id: string, reason: DeadReason, error: unknown, attempt: number): Promise<boolean> {
    const { queue, turn, dead } = this.keys;
    const headers = Object.entries(deadHeaders(reason, error, attempt)).flat();
    return (await this.#run(BURY_TURN, [queue, turn, dead], ...partsOf(id), ...headers)) === 1;
  }

  /** @param before the attempt before the next one. */
  async #wait(id: string, ms: number, before: number): Promise<boolean> {
    const { queue, turn } = this.keys;
    return (await this.#run(KEEP_TURN, [queue, turn], ...partsOf(id), ms, before)) === 1;
  }

  #run(script: Script, keys: string[], ...args: (string | number)[]): Promise<unknown> {
    return this.commands.runScript(script, keys, args);
  }
}

function partsOf(id: string): [entry: string, attempt: number] {
  const [entry = '', attempt = ''] = id.split(' ');
  return [entry, Number(attempt)];
}
