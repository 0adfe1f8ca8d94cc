import { randomUUID } from 'node:crypto';
import {
  consumerGroupHeartbeatV1,
  offsetCommitV9,
  offsetFetchV9,
  type Admin,
  type Connection,
} from '@platformatic/kafka';
import { patiently } from './connection.js';
import { isAnswer } from './errors.js';

const READY_WITHIN_MS = 5000;
/** Spreads each topic evenly over the members. */
const ASSIGNOR = 'range';
const LEAVE = -1;
const GROUP = 0;

/** Partitions by the id of their topic. */
export type Assignment = ReadonlyMap<string, readonly number[]>;

export interface PartitionOffset {
  readonly topic: string;
  readonly index: number;
  readonly offset: bigint;
  readonly note: string;
}

/** One process in a consumer group, in which the server assigns the partitions (KIP-848). */
export class GroupMember {
  readonly #id = randomUUID();
  #epoch = 0;
  #coordinator: number | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly admin: Admin,
    private readonly group: string,
    private readonly topics: readonly string[],
    /** How long a member may take to give up a partition. */
    private readonly rebalanceTimeoutMs: number,
  ) {}

  /**
   * Joins, and then says that it is alive and what it has.
   *
   * @returns what it should have, if the server says so.
   */
  async heartbeat(
    owned: Assignment,
  ): Promise<{ intervalMs: number; assignment: Assignment | undefined }> {
    const answer = await this.#beat(() => this.#epoch, owned);
    const { assignment, heartbeatIntervalMs: intervalMs } = answer;
    if (!assignment) return { intervalMs, assignment: undefined };
    const entries = assignment.topicPartitions.map(
      ({ topicId, partitions }) => [topicId, partitions] as const,
    );
    return { intervalMs, assignment: new Map(entries) };
  }

  async leave(): Promise<void> {
    await this.#beat(() => LEAVE, new Map());
  }

  /** Tells the server how far the group is. */
  async commit(offsets: readonly PartitionOffset[]): Promise<void> {
    const topics = new Map<string, { name: string; partitions: ReturnType<typeof committed>[] }>();
    for (const one of offsets) {
      const topic = topics.get(one.topic) ?? { name: one.topic, partitions: [] };
      topic.partitions.push(committed(one));
      topics.set(one.topic, topic);
    }
    await this.#ask((connection) =>
      offsetCommitV9.api.async(connection, this.group, this.#epoch, this.#id, null, [
        ...topics.values(),
      ]),
    );
  }

  /** How far the group is in these partitions; nothing for those in which it did not begin. */
  async committed(
    topic: string,
    partitions: readonly number[],
  ): Promise<Map<number, { offset: bigint; note: string }>> {
    const topics = [{ name: topic, partitionIndexes: [...partitions] }];
    const { groups } = await this.#ask((connection) => {
      const member = { groupId: this.group, memberId: this.#id, memberEpoch: this.#epoch };
      return offsetFetchV9.api.async(connection, [{ ...member, topics }], true);
    });
    const found = groups[0]?.topics[0]?.partitions ?? [];
    return new Map(
      found
        .filter(({ committedOffset }) => committedOffset >= 0n)
        .map(({ partitionIndex, committedOffset: offset, metadata }) => [
          partitionIndex,
          { offset, note: metadata ?? '' },
        ]),
    );
  }

  #beat(epoch: () => number, owned: Assignment) {
    const partitions = [...owned].map(([topicId, numbers]) => ({
      topicId,
      partitions: [...numbers],
    }));
    return this.#ask(async (connection) => {
      const answer = await consumerGroupHeartbeatV1.api.async(
        ...([connection, this.group, this.#id, epoch(), null, null] as const),
        this.rebalanceTimeoutMs,
        [...this.topics],
        ...([null, ASSIGNOR, partitions] as const),
      );
      this.#epoch = answer.memberEpoch;
      return answer;
    });
  }

  /** One request after the other, because the server refuses what was sent before it answered a heartbeat. */
  #ask<T>(request: (connection: Connection) => Promise<T>): Promise<T> {
    const asked = this.#last.then(() =>
      patiently(READY_WITHIN_MS, async () => {
        try {
          return await request(await this.#connection());
        } catch (error) {
          // The group may have moved to another server.
          if (isAnswer(error, 'NOT_COORDINATOR', 'COORDINATOR_NOT_AVAILABLE')) {
            this.#coordinator = undefined;
          }
          throw error;
        }
      }),
    );
    this.#last = asked.catch(() => undefined);
    return asked;
  }

  async #connection(): Promise<Connection> {
    if (this.#coordinator === undefined) {
      const [found] = await this.admin.findCoordinator({ keyType: GROUP, keys: [this.group] });
      this.#coordinator = found!.nodeId;
    }
    const connections = await this.admin.connectToBrokers([this.#coordinator]);
    const connection = connections.get(this.#coordinator);
    if (!connection) throw new Error(`no server with the id ${this.#coordinator} is known`);
    return connection;
  }
}

function committed({ index, offset, note }: PartitionOffset) {
  return {
    partitionIndex: index,
    committedOffset: offset,
    committedLeaderEpoch: -1,
    committedMetadata: note,
  };
}
