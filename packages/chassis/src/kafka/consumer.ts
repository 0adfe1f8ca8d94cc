import { setTimeout as sleep } from 'node:timers/promises';
import { Consumer as Fetcher, type Admin } from '@platformatic/kafka';
import { abortable } from '../context/deadline.js';
import type { ConsumerOptions } from '../events/event-handling.js';
import type { Subscription } from '../events/events.js';
import { closeClient, patiently, survivesErrors, type KafkaConnection } from './connection.js';
import { reasonOf } from './errors.js';
import { GroupMember, type Assignment } from './group.js';
import { EventHandling } from './handling.js';
import { OwnedPartitions } from './owned-partitions.js';
import type { Entry, Partition } from './partition.js';
import type { ConfirmingPublisher } from './publisher.js';
import { Reader } from './reader.js';
import { beginGroup, type Topics } from './topics.js';
import {
  groupName,
  handlerTopics,
  HEARTBEAT_MS,
  isRetryTopic,
  type HandlerTopics,
  type TopicDeclaration,
} from './topology.js';

/** The pause before the next attempt to do something that failed. */
const PROBLEM_PAUSE_MS = 500;
/** How long the server may take to get ready what it is asked for. */
const READY_WITHIN_MS = 5000;
/** How long a start waits for the partitions that other members give up. */
const ASSIGNED_WITHIN_MS = 3000;
/** How much longer than a handler it may take to give up a partition. */
const REBALANCE_MARGIN_MS = 30_000;

export interface ConsumingOptions extends ConsumerOptions {
  readonly prefix: string;
  readonly declarations: (topics: HandlerTopics) => TopicDeclaration[];
}

/** One membership in the group. Another one follows if it ends. */
interface Membership {
  readonly admin: Admin;
  readonly member: GroupMember;
  readonly reader: Reader;
  /** The names of the topics by their ids. */
  readonly topics: ReadonlyMap<string, string>;
  /** Fires with the reason if it ends. */
  readonly ended: AbortController;
}

/** Consumes one event, and what comes again of it. */
export class EventConsumer {
  #problem: string | undefined;
  readonly #stopping = new AbortController();
  readonly #group: string;
  readonly #topics: HandlerTopics;
  readonly #handling: EventHandling;
  readonly #partitions = new OwnedPartitions();
  readonly #running = new Set<Promise<void>>();
  #membership: Membership | undefined;
  #loop: Promise<void> | undefined;
  #committing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #wake: () => void = () => undefined;
  #isAssigned: () => void = () => undefined;

  constructor(
    subscription: Subscription,
    private readonly connection: KafkaConnection,
    private readonly topics: Topics,
    publisher: ConfirmingPublisher,
    private readonly options: ConsumingOptions,
  ) {
    const { prefix, service, retryDelaysMs } = options;
    const { name } = subscription.contract;
    this.#group = groupName(prefix, service, name);
    this.#topics = handlerTopics(prefix, service, name, retryDelaysMs.length);
    this.#handling = new EventHandling(
      ...([subscription, this.#topics, publisher, options] as const),
      () => this.#isStopping,
    );
  }

  /** Why nothing is consumed, if that is the case. */
  get problem(): string | undefined {
    return this.#problem && `${this.#group} is not consumed: ${this.#problem}`;
  }

  get #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** Resolves when it consumes for the first time. After a lost connection, it continues by itself. */
  async start(): Promise<void> {
    const assigned = new Promise<void>((resolve) => (this.#isAssigned = resolve));
    this.#loop = this.#run();
    await Promise.race([assigned, this.#loop]);
  }

  /** Takes no more events, waits for running handlers, and tells the server how far it got. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    clearTimeout(this.#timer);
    await Promise.allSettled(this.#running);
    this.#membership?.ended.abort(new Error('it stops'));
    await this.#loop;
  }

  async #run(): Promise<void> {
    while (!this.#isStopping) {
      try {
        await this.#take();
      } catch (error) {
        // A person may have deleted a topic, or it is another server.
        this.topics.forget();
        await this.#pauseAfter(error);
      }
    }
  }

  async #pauseAfter(error: unknown): Promise<void> {
    if (this.#isStopping) return;
    const isNew = this.#problem === undefined;
    this.#problem = reasonOf(error);
    if (isNew) this.options.log().warn({ group: this.#group }, this.problem);
    const { signal } = this.#stopping;
    await sleep(PROBLEM_PAUSE_MS, undefined, { signal }).catch(() => undefined);
  }

  /** Joins the group, and consumes until something fails or it stops. */
  async #take(): Promise<void> {
    const { signal } = this.#stopping;
    const { handlerTimeoutMs, prefetch, log } = this.options;
    const names = await abortable(this.#declare(), signal);
    const { admin } = await this.connection.session();
    // New topics are not known to all servers at once.
    const metadata = await patiently(READY_WITHIN_MS, () =>
      admin.metadata({ topics: names, forceUpdate: true }),
    );
    await abortable(beginGroup(admin, this.#group, this.#topics.event), signal);
    const client = { ...this.connection.clientOptions, groupId: this.#group };
    const fetcher = survivesErrors(new Fetcher(client));
    const ended = new AbortController();
    const reader = new Reader({
      ...{ admin, fetcher, group: this.#group, topics: names, prefetch, log },
      partitions: () => this.#partitions.all,
      onRead: () => this.#dispatch(),
      onError: (error) => ended.abort(error),
    });
    const rebalanceMs = handlerTimeoutMs + REBALANCE_MARGIN_MS;
    const member = new GroupMember(admin, this.#group, names, rebalanceMs);
    const topics = new Map(names.map((name) => [metadata.topics.get(name)!.id, name]));
    this.#membership = { admin, member, reader, topics, ended };
    try {
      await this.#stayIn(this.#membership);
    } finally {
      this.#membership = undefined;
      ended.abort();
      this.#partitions.end();
      await Promise.all([reader.close(), closeClient(fetcher)]);
    }
  }

  /** @returns the topics that it reads. */
  async #declare(): Promise<string[]> {
    const admin = await this.topics.ensure(this.options.declarations(this.#topics));
    const { event, replay, retries } = this.#topics;
    // There are more if it had more pauses once.
    const all = await admin.listTopics();
    return [
      ...new Set([event, replay, ...retries, ...all.filter((name) => isRetryTopic(replay, name))]),
    ];
  }

  async #stayIn(membership: Membership): Promise<void> {
    const { member, admin, reader, topics, ended } = membership;
    let target: Assignment = new Map();
    let joinedAt: number | undefined;
    while (!ended.signal.aborted) {
      const { intervalMs, assignment } = await member.heartbeat(this.#partitions.assignment);
      joinedAt ??= performance.now();
      this.#problem = undefined;
      if (assignment) target = assignment;
      const isChanged = await this.#partitions.reconcile(member, admin, topics, target);
      const hasEvents = this.#partitions.all.some(
        ({ topic, isRevoked }) => topic === this.#topics.event && !isRevoked,
      );
      if (hasEvents || performance.now() - joinedAt > ASSIGNED_WITHIN_MS) this.#isAssigned();
      await reader.readAll();
      this.#dispatch();
      this.#commitSoon();
      if (!isChanged) await this.#nap(Math.min(intervalMs, HEARTBEAT_MS), ended.signal);
    }
    if (!this.#isStopping) throw ended.signal.reason as Error;
    await this.#partitions.commit(member);
    await member.leave();
  }

  /** Sleeps, or until there is something to say to the server. */
  async #nap(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
      signal.addEventListener('abort', this.#wake, { once: true });
    });
    signal.removeEventListener('abort', this.#wake);
  }

  #dispatch(): void {
    const membership = this.#membership;
    if (!membership || this.#isStopping) return;
    clearTimeout(this.#timer);
    const partitions = this.#partitions.all.filter(({ isRevoked }) => !isRevoked);
    // One of them may end this process: it runs alone, to know which.
    const suspicious = partitions.filter(({ claims }) => claims > 1);
    const limit = suspicious.length > 0 ? 1 : this.options.prefetch;
    const now = Date.now();
    for (let started = true; started;) {
      started = false;
      for (const partition of [...suspicious, ...partitions]) {
        if (this.#running.size >= limit) return;
        const entry = partition.next(now);
        if (!entry) continue;
        started = true;
        this.#track(this.#begin(partition, entry, membership));
      }
    }
    const due = partitions.flatMap(({ queue }) => queue.slice(0, 1)).map(({ dueAt }) => dueAt);
    const next = Math.min(...due.filter((at) => at > now));
    if (!Number.isFinite(next)) return;
    this.#timer = setTimeout(() => this.#dispatch(), next - now).unref();
  }

  #track(work: Promise<void>): void {
    this.#running.add(work);
    void work.finally(() => {
      this.#running.delete(work);
      this.#membership?.reader.wake();
      this.#dispatch();
    });
  }

  async #begin(partition: Partition, entry: Entry, { member }: Membership): Promise<void> {
    try {
      await this.#partitions.claim(partition, member);
      if (this.#isStopping) partition.putBack(entry, 0);
      else if (await this.#handling.receive(partition, entry)) partition.finish(entry);
      else partition.putBack(entry, Date.now() + PROBLEM_PAUSE_MS);
    } catch (error) {
      partition.putBack(entry, Date.now() + PROBLEM_PAUSE_MS);
      const text = `${this.#group}: ${reasonOf(error)}`;
      if (this.#membership) this.options.log().warn({ err: error }, text);
    }
    if (partition.isRevoked) this.#wake();
    this.#commitSoon();
  }

  /** What is done while the server is told goes together, next time. */
  #commitSoon(): void {
    const membership = this.#membership;
    if (!membership || this.#committing || !this.#partitions.hasUncommitted) return;
    this.#committing = this.#partitions
      .commit(membership.member)
      .catch((error: unknown) => membership.ended.abort(error))
      .finally(() => {
        this.#committing = undefined;
        if (!membership.ended.signal.aborted) this.#commitSoon();
      });
  }
}
