import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin, Consumer as Fetcher, RecordsBatch } from '@platformatic/kafka';
import { abortable } from '../context/deadline.js';
import type { Log } from '../telemetry/log.js';
import { isAnswer } from './errors.js';
import { readRecord, RETRY_AT } from './message.js';
import type { Partition } from './partition.js';
import { offsetsOf } from './topics.js';

/** How long the server waits for an event before it answers that there is none. */
const FETCH_MS = 500;
const FETCH_BYTES = 4 * 1024 * 1024;
const CONTROL_BATCH = 0x20;

export interface ReaderOptions {
  readonly admin: Admin;
  /** Of its own, because the server answers nothing else on a connection while it waits for an event. */
  readonly fetcher: Fetcher;
  readonly group: string;
  /** The names of the topics. */
  readonly topics: readonly string[];
  /** How many events of a partition may wait here. */
  readonly prefetch: number;
  readonly log: () => Log;
  /** What to read at this moment. */
  readonly partitions: () => readonly Partition[];
  /** Called after something was read. */
  readonly onRead: () => void;
  /** Called if reading ends with an error. */
  readonly onError: (error: unknown) => void;
}

/** Reads partitions until it is closed. */
export class Reader {
  readonly #closing = new AbortController();
  readonly #fetching = new Map<number, Promise<void>>();
  #room = new AbortController();

  constructor(private readonly options: ReaderOptions) {}

  /** There is room for more events. */
  wake(): void {
    this.#room.abort();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#room.abort();
    await Promise.allSettled(this.#fetching.values());
  }

  /** Reads from each server that leads one of the partitions. */
  async readAll(): Promise<void> {
    const { admin, topics, partitions, onError } = this.options;
    const { topics: known } = await admin.metadata({ topics: [...topics] });
    const leaderOf = ({ topic, index }: Partition): number | undefined =>
      known.get(topic)?.partitions[index]?.leader;
    const leaders = new Set(partitions().map(leaderOf));
    for (const node of leaders) {
      if (node === undefined || node < 0 || this.#fetching.has(node)) continue;
      const isOurs = (partition: Partition): boolean => leaderOf(partition) === node;
      const reading = this.#readFrom(node, isOurs)
        .catch(onError)
        .finally(() => this.#fetching.delete(node));
      this.#fetching.set(node, reading);
    }
  }

  /** Ends when the server leads none of them any more. */
  async #readFrom(node: number, isOurs: (partition: Partition) => boolean): Promise<void> {
    const { partitions, prefetch } = this.options;
    while (!this.#closing.signal.aborted) {
      const ours = partitions().filter(isOurs);
      if (ours.length === 0) return;
      const wanted = ours.filter(({ isRevoked, queue }) => !isRevoked && queue.length < prefetch);
      if (wanted.length > 0) {
        if (!(await this.#fetch(node, wanted))) return;
        continue;
      }
      this.#room = new AbortController();
      const { signal } = this.#room;
      await sleep(FETCH_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  /** Resolves with whether the server still leads them. */
  async #fetch(node: number, wanted: readonly Partition[]): Promise<boolean> {
    const { admin, fetcher, onRead } = this.options;
    const { signal } = this.#closing;
    const limits = { maxWaitTime: FETCH_MS, minBytes: 1, maxBytes: FETCH_BYTES };
    try {
      const fetching = fetcher.fetch({ node, ...limits, topics: fetchRequest(wanted) });
      const { responses } = await abortable(fetching, signal);
      for (const { topicId, partitions } of responses) {
        for (const { partitionIndex, records = [] } of partitions) {
          this.#add(wanted, topicId, partitionIndex, records);
        }
      }
    } catch (error) {
      if (signal.aborted) return false;
      if (isAnswer(error, ...MOVED)) {
        admin.clearMetadata();
        fetcher.clearMetadata();
        return false;
      }
      if (!isAnswer(error, 'OFFSET_OUT_OF_RANGE')) throw error;
      await this.#skipRemoved(wanted);
    }
    onRead();
    return true;
  }

  #add(
    wanted: readonly Partition[],
    topicId: string,
    index: number,
    batches: readonly RecordsBatch[],
  ): void {
    const partition = wanted.find((one) => one.topicId === topicId && one.index === index);
    // It may have been given up, and taken again, meanwhile.
    if (!partition || partition.isRevoked || !this.options.partitions().includes(partition)) return;
    for (const batch of batches) addBatch(partition, batch);
  }

  /** Events that were removed before they were handled, because they were too old. */
  async #skipRemoved(partitions: readonly Partition[]): Promise<void> {
    const { admin, group, log } = this.options;
    for (const partition of partitions) {
      const { topic, index } = partition;
      const first = (await offsetsOf(admin, topic, 'first', [index])).get(index)!;
      const lost = first - partition.position;
      if (lost <= 0n) continue;
      const text = `${topic} lost ${lost} events of partition ${index} before ${group} got them: they were older than the topic keeps them`;
      log().error({ group }, text);
      partition.position = first;
    }
  }
}

/** Another server leads a partition. */
const MOVED = ['NOT_LEADER_OR_FOLLOWER', 'FENCED_LEADER_EPOCH', 'UNKNOWN_LEADER_EPOCH'];

function fetchRequest(partitions: readonly Partition[]) {
  const topics = new Map<string, Partition[]>();
  for (const one of partitions) topics.set(one.topicId, [...(topics.get(one.topicId) ?? []), one]);
  return [...topics].map(([topicId, some]) => ({
    topicId,
    partitions: some.map(({ index, position }) => ({
      partition: index,
      currentLeaderEpoch: -1,
      fetchOffset: position,
      lastFetchedEpoch: -1,
      partitionMaxBytes: FETCH_BYTES,
    })),
  }));
}

/** A batch may begin before the offset that was asked for. */
function addBatch(partition: Partition, batch: RecordsBatch): void {
  const end = batch.firstOffset + BigInt(batch.lastOffsetDelta) + 1n;
  const isControl = (batch.attributes & CONTROL_BATCH) !== 0;
  for (const record of isControl ? [] : batch.records) {
    const offset = batch.firstOffset + BigInt(record.offsetDelta);
    if (offset < partition.position) continue;
    const { [RETRY_AT]: retryAt } = readRecord(record).headers;
    const key = record.key?.toString();
    partition.add({ offset, key, record, dueAt: Number(retryAt) || 0 });
  }
  if (end > partition.position) partition.position = end;
}
