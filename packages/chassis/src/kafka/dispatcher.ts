import type { GroupMember } from './group.js';
import type { EventHandling, Verdict } from './handling.js';
import type { OwnedPartitions } from './owned-partitions.js';
import type { Entry, Partition } from './partition.js';

/** The pause before an event is handled again if the server could not be told that it is. */
const PROBLEM_PAUSE_MS = 500;

export interface DispatcherOptions {
  /** How many handlers may run at the same time. */
  readonly prefetch: number;
  /** Undefined while this process is in no group. Then nothing starts. */
  readonly member: () => GroupMember | undefined;
  /** Called when the handler of an event has ended. */
  readonly onSettled: (partition: Partition) => void;
  readonly onError: (error: unknown) => void;
}

/** Starts handlers for what was read. */
export class Dispatcher {
  readonly #running = new Set<Promise<void>>();
  #isStopping = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly partitions: OwnedPartitions,
    private readonly handling: Pick<EventHandling, 'receive'>,
    private readonly options: DispatcherOptions,
  ) {}

  /** Starts no more, and waits for running handlers. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#timer);
    await Promise.allSettled(this.#running);
  }

  /** Starts all that may start now, and comes back when the next one may. */
  dispatch(): void {
    const member = this.options.member();
    if (!member || this.#isStopping) return;
    clearTimeout(this.#timer);
    const partitions = this.partitions.all.filter(({ isRevoked }) => !isRevoked);
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
        this.#start(partition, entry, member);
      }
    }
    const due = partitions.flatMap(({ queue }) => queue.slice(0, 1)).map(({ dueAt }) => dueAt);
    const next = Math.min(...due.filter((at) => at > now));
    if (!Number.isFinite(next)) return;
    this.#timer = setTimeout(() => this.dispatch(), next - now).unref();
  }

  #start(partition: Partition, entry: Entry, member: GroupMember): void {
    const work = this.#handle(partition, entry, member);
    this.#running.add(work);
    void work.finally(() => {
      this.#running.delete(work);
      this.options.onSettled(partition);
      this.dispatch();
    });
  }

  async #handle(partition: Partition, entry: Entry, member: GroupMember): Promise<void> {
    try {
      await this.partitions.claim(partition, member);
      if (this.#isStopping) partition.putBack(entry, 0);
      else settle(partition, entry, await this.handling.receive(partition, entry));
    } catch (error) {
      partition.putBack(entry, Date.now() + PROBLEM_PAUSE_MS);
      this.options.onError(error);
    }
  }
}

/** An event with an order that failed stays where it is, and what is behind it waits. */
function settle(partition: Partition, entry: Entry, verdict: Verdict): void {
  if (verdict.kind === 'done') partition.finish(entry);
  else partition.putBack(entry, Date.now() + verdict.afterMs, verdict.attempt);
}
