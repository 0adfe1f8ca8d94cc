import type { Admin } from '@platformatic/kafka';
import type { Assignment, GroupMember } from './group.js';
import { Partition } from './partition.js';
import { offsetsOf } from './topics.js';

/** The partitions that this process has, and how far the group is in them. */
export class OwnedPartitions {
  readonly #owned = new Map<string, Partition>();
  /** Those of the last membership, with what is still being handled. */
  readonly #former = new Map<string, Partition>();
  readonly #claiming: Partition[] = [];
  #claimed: Promise<unknown> | undefined;

  constructor(
    /** The topic whose events are handled one at a time in each partition. */
    private readonly orderedTopic: string | undefined,
  ) {}

  get all(): readonly Partition[] {
    return [...this.#owned.values()];
  }

  get hasUncommitted(): boolean {
    return this.#uncommitted().length > 0;
  }

  /** By the ids of their topics. */
  get assignment(): Assignment {
    const owned = new Map<string, number[]>();
    for (const { topicId, index } of this.#owned.values()) {
      owned.set(topicId, [...(owned.get(topicId) ?? []), index]);
    }
    return owned;
  }

  /** The membership is over. What is being handled goes on. */
  end(): void {
    for (const [name, partition] of this.#owned) this.#former.set(name, partition);
    this.#owned.clear();
  }

  /**
   * Takes what is assigned, and gives up what is not, after its handlers have ended.
   *
   * @param topics the names of topics by their ids.
   * @returns whether there is something to tell the server.
   */
  async reconcile(
    member: GroupMember,
    admin: Admin,
    topics: ReadonlyMap<string, string>,
    target: Assignment,
  ): Promise<boolean> {
    const isGivenUp = await this.#giveUp(member, target);
    let isTaken = false;
    for (const [topicId, indexes] of target) {
      const topic = topics.get(topicId);
      if (topic === undefined) continue;
      const added: number[] = [];
      for (const index of indexes) {
        const known = this.#owned.get(`${topic}:${index}`);
        if (known) known.isRevoked = false;
        else added.push(index);
      }
      if (added.length === 0) continue;
      await this.#take(member, admin, { topicId, topic }, added);
      isTaken = true;
    }
    return isGivenUp || isTaken;
  }

  async #giveUp(member: GroupMember, target: Assignment): Promise<boolean> {
    const gone: string[] = [];
    for (const [name, partition] of this.#owned) {
      if (target.get(partition.topicId)?.includes(partition.index)) continue;
      partition.isRevoked = true;
      if (partition.running === 0) gone.push(name);
    }
    if (gone.length === 0) return false;
    await this.commit(member);
    for (const name of gone) this.#owned.delete(name);
    return true;
  }

  async #take(
    member: GroupMember,
    admin: Admin,
    { topicId, topic }: { topicId: string; topic: string },
    added: readonly number[],
  ): Promise<void> {
    const committed = await member.committed(topic, added);
    const fresh = added.filter((index) => !committed.has(index));
    const starts = fresh.length > 0 ? await offsetsOf(admin, topic, 'first', fresh) : undefined;
    for (const index of added) {
      const name = `${topic}:${index}`;
      const known = committed.get(index);
      const former = this.#former.get(name);
      this.#former.delete(name);
      if (former && known && former.continuesAt(topicId, known.offset)) {
        former.isRevoked = false;
        this.#owned.set(name, former);
        continue;
      }
      const { offset, note } = known ?? { offset: starts!.get(index)!, note: '' };
      const place = { topic, topicId, index, offset, claims: Number(note) || 0 };
      const partition = new Partition({ ...place, isSerial: topic === this.orderedTopic });
      // So that people and tools see that it is read.
      if (!known) partition.committed = -1n;
      this.#owned.set(name, partition);
    }
  }

  /** Tells the server how far the group is. */
  async commit(member: GroupMember): Promise<void> {
    await this.#tell(member, this.#uncommitted());
  }

  async #tell(member: GroupMember, partitions: readonly Partition[]): Promise<void> {
    if (partitions.length === 0) return;
    const told = partitions.map((partition) => {
      const { topic, index, base: offset, note } = partition;
      return { partition, topic, index, offset, note };
    });
    await member.commit(told);
    for (const { partition, offset, note } of told) {
      partition.committed = offset;
      partition.committedNote = note;
    }
  }

  /**
   * Tells the server that this process has the first record in hand, in case it does not live to be done with it. Once for
   * all partitions that begin in the same turn.
   */
  claim(partition: Partition, member: GroupMember): Promise<unknown> {
    return (partition.claiming ??= this.#claim(partition, member).catch((error: unknown) => {
      partition.claiming = undefined;
      throw error;
    }));
  }

  #claim(partition: Partition, member: GroupMember): Promise<unknown> {
    partition.claim();
    this.#claiming.push(partition);
    return (this.#claimed ??= new Promise((resolve) => setImmediate(resolve)).then(() => {
      this.#claimed = undefined;
      return this.#tell(member, this.#claiming.splice(0));
    }));
  }

  #uncommitted(): Partition[] {
    return this.all.filter(({ isUncommitted }) => isUncommitted);
  }
}
