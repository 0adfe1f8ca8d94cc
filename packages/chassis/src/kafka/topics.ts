import { ListOffsetTimestamps, type Admin } from '@platformatic/kafka';
import { patiently, type KafkaConnection } from './connection.js';
import { isAnswer } from './errors.js';
import type { TopicDeclaration } from './topology.js';

/** How long the server may take to spread the news of a topic. */
const SPREAD_MS = 5000;

/** Creates topics that are missing, once for each connection. */
export class Topics {
  #session = -1;
  #known = new Map<string, Promise<unknown>>();

  constructor(private readonly connection: KafkaConnection) {}

  /** What is there stays as it is, because a person may have changed it. */
  async ensure(declarations: readonly TopicDeclaration[]): Promise<Admin> {
    const { admin, number } = await this.connection.session();
    if (number !== this.#session) {
      this.#session = number;
      this.forget();
    }
    const unknown = declarations.filter(({ name }) => !this.#known.has(name));
    if (unknown.length > 0) {
      const creating = this.connection.outside(() => createMissing(admin, unknown));
      const known = this.#known;
      for (const { name } of unknown) {
        known.set(name, creating);
        creating.catch(() => known.delete(name));
      }
    }
    for (const { name } of declarations) await this.#known.get(name);
    return admin;
  }

  /** Makes the next caller look again. */
  forget(): void {
    this.#known = new Map();
  }
}

async function createMissing(
  admin: Admin,
  declarations: readonly TopicDeclaration[],
): Promise<void> {
  const existing = new Set(await admin.listTopics());
  for (const { name, partitions, replicas, settings } of declarations) {
    if (existing.has(name)) continue;
    const configs = Object.entries(settings).map(([key, value]) => ({ name: key, value }));
    await admin.createTopics({ topics: [name], partitions, replicas, configs }).catch((error) => {
      if (!isAnswer(error, 'TOPIC_ALREADY_EXISTS')) throw error;
    });
  }
}

/** The partitions of a topic, by number. */
export async function partitionsOf(admin: Admin, topic: string): Promise<number[]> {
  const { topics } = await patiently(SPREAD_MS, () =>
    admin.metadata({ topics: [topic], forceUpdate: true }),
  );
  return Array.from({ length: topics.get(topic)!.partitionsCount }, (_, index) => index);
}

/** The first offset that each partition has, or the one after the last. */
export async function offsetsOf(
  admin: Admin,
  topic: string,
  which: 'first' | 'next',
  partitions?: readonly number[],
): Promise<Map<number, bigint>> {
  const numbers = partitions ?? (await partitionsOf(admin, topic));
  const timestamp = which === 'first' ? ListOffsetTimestamps.EARLIEST : ListOffsetTimestamps.LATEST;
  const [listed] = await patiently(SPREAD_MS, () =>
    admin.listOffsets({
      topics: [
        {
          name: topic,
          partitions: numbers.map((partitionIndex) => ({ partitionIndex, timestamp })),
        },
      ],
    }),
  );
  return new Map(listed!.partitions.map(({ partitionIndex, offset }) => [partitionIndex, offset]));
}

/** Makes a new group get what is published from now on. One that is there stays as it is. */
export async function beginGroup(admin: Admin, group: string, topic: string): Promise<void> {
  const partitions = await partitionsOf(admin, topic);
  const committed = await patiently(SPREAD_MS, () =>
    admin.listConsumerGroupOffsets({
      groups: [{ groupId: group, topics: [{ name: topic, partitionIndexes: partitions }] }],
    }),
  );
  const known = committed.flatMap(({ topics }) => topics.flatMap((one) => one.partitions));
  if (known.some(({ committedOffset }) => committedOffset >= 0n)) return;
  const ends = await offsetsOf(admin, topic, 'next', partitions);
  const partitionOffsets = [...ends].map(([partition, offset]) => ({ partition, offset }));
  try {
    await patiently(SPREAD_MS, () =>
      admin.alterConsumerGroupOffsets({
        groupId: group,
        topics: [{ name: topic, partitionOffsets }],
      }),
    );
  } catch (error) {
    // It has members by now, which begin where they are told to.
    if (!isAnswer(error, 'UNKNOWN_MEMBER_ID', 'NON_EMPTY_GROUP', 'STALE_MEMBER_EPOCH')) throw error;
  }
}
