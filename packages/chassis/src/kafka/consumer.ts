import { setTimeout as sleep } from 'node:timers/promises';
import { Consumer as Fetcher, type Admin } from '@platformatic/kafka';
import { abortable } from '../context/deadline.js';
import type { ConsumerOptions } from '../events/event-handling.js';
import type { Subscription } from '../events/events.js';
import { closeClient, patiently, survivesErrors, type KafkaConnection } from './connection.js';
import { reasonOf } from './errors.js';
import { Dispatcher } from './dispatcher.js';
import { GroupMember, type Assignment } from './group.js';
import { EventHandling } from './handling.js';
import { OwnedPartitions } from './owned-partitions.js';
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
  readonly #dispatcher: Dispatcher;
  readonly #partitions: OwnedPartitions;
  #membership: Membership | undefined;
  #loop: Promise<void> | undefined;
  #committing: Promise<void> | undefined;
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
    const { contract } = subscription;
    this.#group = groupName(prefix, service, contract.name);
    this.#topics = handlerTopics(prefix, service, contract, retryDelaysMs.length);
    this.#partitions = new OwnedPartitions(this.#topics.ordered);
    const handling = new EventHandling(
      ...([subscription, this.#topics, publisher, options] as const),
      () => this.#isStopping,
    );
    this.#dispatcher = new Dispatcher(this.#partitions, handling, {
      prefetch: options.prefetch,
      member: () => this.#membership?.member,
      onSettled: ({ isRevoked }) => {
        this.#membership?.reader.wake();
        if (isRevoked) this.#wake();
        this.#commitSoon();
      },
      onError: (error) => {
        if (!this.#membership) return;
        options.log().warn({ err: error }, `${this.#group}: ${reasonOf(error)}`);
      },
    });
  }

  /** Why nothing is consumed, if that is the case. */
  get problem(): string | undefined {
    return this.#problem && `${this.#group} is not consumed: ${this.#problem}`;
  }

  get #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** Those that all services read. */
  get #eventTopics(): string[] {
    const { event, ordered } = this.#topics;
    return ordered === undefined ? [event] : [event, ordered];
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
    await this.#dispatcher.stop();
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
    for (const topic of this.#eventTopics) {
      await abortable(beginGroup(admin, this.#group, topic), signal);
    }
    const client = { ...this.connection.clientOptions, groupId: this.#group };
    const fetcher = survivesErrors(new Fetcher(client));
    const ended = new AbortController();
    const reader = new Reader({
      ...{ admin, fetcher, group: this.#group, topics: names, prefetch, log },
      partitions: () => this.#partitions.all,
      onRead: () => this.#dispatcher.dispatch(),
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
    const { replay, retries } = this.#topics;
    // There are more if it had more pauses once.
    const all = await admin.listTopics();
    return [
      ...new Set([
        ...[...this.#eventTopics, replay, ...retries],
        ...all.filter((name) => isRetryTopic(replay, name)),
      ]),
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
      this.#dispatcher.dispatch();
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
