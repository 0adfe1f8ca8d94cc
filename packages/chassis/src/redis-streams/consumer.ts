import { setTimeout as sleep } from 'node:timers/promises';
import { abortable, within } from '../context/deadline.js';
import { runInContext } from '../context/request-context.js';
import { formatReason } from '../errors/errors.js';
import {
  handlerContext,
  runHandler,
  whileWorking,
  type ConsumerOptions,
} from '../events/event-handling.js';
import type { HandleOutcome } from '../events/event-metrics.js';
import { planNextStep, type NextStep } from '../events/event-outcome.js';
import { attemptOf, type ReceivedEvent } from '../events/event-wire.js';
import type { Subscription } from '../events/events.js';
import type { Log } from '../telemetry/log.js';
import { readEntry, type Entry } from './message.js';
import type { HandlerQueue } from './queue.js';
import { ABANDONED_MS, DELIVERY_LIMIT, WORKING_MS } from './topology.js';

/** How long the server waits for an event before it answers that there is none. */
export const BLOCK_MS = 10_000;
/** The same after a problem, to know soon that it is over. */
const PROBE_MS = 10;
/** How often a replica looks for events that other replicas left behind. */
const TEND_MS = 1000;
/** The pause before the next attempt to do something that failed. */
const PROBLEM_PAUSE_MS = 500;
/** How long the server may take to say what became of a step. */
const STEP_LIMIT_MS = 5000;

/**
 * Consumes one event. It takes as many entries as it has free handlers. Of events without an order, a handler is free
 * while the server still removes what it handled, as long as there are not more of those than handlers.
 */
export class EventConsumer {
  #problem: string | undefined;
  #isTended = true;
  #isReading = false;
  readonly #stopping = new AbortController();
  #nap = new AbortController();
  readonly #running = new Set<Promise<void>>();
  /** Of those, the ones whose handlers run. */
  readonly #handling = new Set<Promise<void>>();
  readonly #loops: Promise<void>[] = [];

  constructor(
    private readonly subscription: Subscription,
    private readonly queue: HandlerQueue,
    /** Makes the server answer what the queue waits for. */
    private readonly interrupt: () => Promise<unknown>,
    private readonly options: ConsumerOptions,
  ) {}

  /** Why nothing is consumed, if that is the case. */
  get problem(): string | undefined {
    return this.#problem && `${this.queue.keys.queue} is not consumed: ${this.#problem}`;
  }

  get #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** Resolves when it consumes for the first time. After a lost connection, it continues by itself. */
  async start(): Promise<void> {
    while (!this.#isStopping) {
      try {
        await abortable(this.queue.tend(), this.#stopping.signal);
        this.#problem = undefined;
        break;
      } catch (error) {
        await this.#pauseAfter(error);
      }
    }
    if (!this.#isStopping) this.#loops.push(this.#read(), this.#tend());
  }

  /** Takes no more events, and waits for running handlers. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#nap.abort();
    const until = performance.now() + STEP_LIMIT_MS;
    while (this.#isReading && performance.now() < until) {
      // It may not have arrived at the server yet.
      await this.interrupt().catch(() => undefined);
      await sleep(20);
    }
    await Promise.allSettled(this.#running);
  }

  async #read(): Promise<void> {
    while (!this.#isStopping) {
      const { prefetch, partition } = this.options;
      const most = partition === undefined ? 2 * prefetch : prefetch;
      const free = Math.min(prefetch - this.#handling.size, most - this.#running.size);
      if (free <= 0) {
        await Promise.race(this.#handling.size < prefetch ? this.#running : this.#handling);
        continue;
      }
      this.#isReading = true;
      try {
        const blockMs = this.#problem === undefined ? BLOCK_MS : PROBE_MS;
        for (const entry of await this.queue.take(free, blockMs)) this.#begin(entry);
        this.#problem = undefined;
      } catch (error) {
        await this.#pauseAfter(error);
        // A person may have deleted the group or the stream, or it is another server.
        const tending = abortable(this.queue.tend(), this.#stopping.signal);
        await tending.catch(() => undefined);
      } finally {
        this.#isReading = false;
      }
    }
  }

  async #tend(): Promise<void> {
    while (!this.#isStopping) {
      let nextMs = TEND_MS;
      try {
        nextMs = Math.min(nextMs, await this.queue.tend());
        this.#isTended = true;
      } catch (error) {
        const { queue } = this.queue.keys;
        const text = `${queue} is not tended, so retries wait: ${formatReason(error)}`;
        if (this.#isTended && !this.#isStopping) this.options.log().warn({ queue }, text);
        this.#isTended = false;
      }
      if (this.#isStopping) return;
      this.#nap = new AbortController();
      await sleep(nextMs, undefined, { signal: this.#nap.signal, ref: false }).catch(
        () => undefined,
      );
    }
  }

  async #pauseAfter(error: unknown): Promise<void> {
    if (this.#isStopping) return;
    const isNew = this.#problem === undefined;
    this.#problem = formatReason(error);
    const { queue } = this.queue.keys;
    if (isNew) this.options.log().warn({ queue }, this.problem);
    const { signal } = this.#stopping;
    await sleep(PROBLEM_PAUSE_MS, undefined, { signal }).catch(() => undefined);
  }

  #begin(entry: Entry): void {
    const running = this.#receive(entry).catch((error: unknown) => {
      // It comes again when it is abandoned.
      const { queue } = this.queue.keys;
      this.options.log().error({ err: error, queue }, `${queue}: ${formatReason(error)}`);
    });
    track(running, this.#running);
  }

  async #receive(entry: Entry): Promise<void> {
    const received = readEntry(entry);
    const attempt = attemptOf(received.headers);
    const [id] = entry;
    if (this.#isStopping) {
      await this.#surely(() => this.queue.pause(id, 0, attempt));
      return;
    }
    const { contract } = this.subscription;
    const log = this.options.log().child({ event: contract.name, eventId: received.id });
    const keep = () => void this.queue.keep(id).catch(() => undefined);
    await whileWorking(contract.name, this.options, { keep, everyMs: WORKING_MS }, () =>
      this.#handle(id, received, attempt, log),
    );
  }

  async #handle(
    id: string,
    received: ReceivedEvent,
    attempt: number,
    log: Log,
  ): Promise<HandleOutcome> {
    const { handlerTimeoutMs, retryDelaysMs } = this.options;
    const context = handlerContext(received, handlerTimeoutMs);
    const { queue: destination } = this.queue.keys;
    const options = { system: 'redis', destination, handlerTimeoutMs, log } as const;
    // The handler's time limit does not apply to what follows it.
    const { deadline: _, ...timeless } = context;
    const putAway = (error: unknown, step: NextStep) =>
      runInContext(timeless, () => this.#putAway(id, error, step, attempt, log));
    if (attempt > Math.max(DELIVERY_LIMIT, retryDelaysMs.length + 1)) {
      const error = new Error(`it was delivered ${attempt - 1} times, and none of them ended`);
      return putAway(error, { kind: 'dead', reason: 'retries exhausted' });
    }
    try {
      const handling = runInContext(context, () =>
        runHandler(this.subscription, received, options),
      );
      const isOver = handling.catch(() => undefined);
      track(isOver, this.#handling);
      await handling;
    } catch (error) {
      return putAway(error, planNextStep(error, attempt, retryDelaysMs));
    }
    try {
      await this.#surely(() => this.queue.finish(id));
    } catch (failure) {
      const text = `${this.subscription.contract.name} is done, but it comes again: ${formatReason(failure)}`;
      log.warn({ attempt }, text);
    }
    return 'done';
  }

  /** The server moves an event in one step, so that it is never in no place, or in two. */
  async #putAway(
    id: string,
    error: unknown,
    step: NextStep,
    attempt: number,
    log: Log,
  ): Promise<HandleOutcome> {
    const { name } = this.subscription.contract;
    const { dead } = this.queue.keys;
    const why = formatReason(error);
    try {
      if (step.kind === 'retry') {
        const { delayMs } = step;
        const isOurs = await this.#surely(() => this.queue.pause(id, delayMs, attempt + 1));
        if (!isOurs) return abandoned();
        if (delayMs < TEND_MS) this.#nap.abort();
        const text = `${name} failed and is delivered again in ${delayMs} ms: ${why}`;
        log.warn({ err: error, attempt }, text);
        return 'retried';
      }
      const { reason } = step;
      const isOurs = await this.#surely(() => this.queue.bury(id, reason, error, attempt));
      if (!isOurs) return abandoned();
      log.error({ err: error, attempt }, `${name} is in ${dead}: ${reason}: ${why}`);
      return 'dead';
    } catch (failure) {
      log.warn({ err: error, attempt }, `${name} failed: ${why}`);
      const text = `${name} could not be moved, and comes again: ${formatReason(failure)}`;
      log.error({ err: failure }, text);
      return 'returned';
    }

    function abandoned(): HandleOutcome {
      const text = `${name} failed after another process got it: ${why}`;
      log.warn({ err: error, attempt }, text);
      return 'returned';
    }
  }

  /** Repeats a step while the server is away, until the event counts as abandoned. A repeated step does nothing. */
  async #surely<T>(step: () => Promise<T>): Promise<T> {
    const until = performance.now() + ABANDONED_MS;
    const late = (): Error => new Error(`the server did not answer within ${STEP_LIMIT_MS} ms`);
    for (;;) {
      try {
        return await within(STEP_LIMIT_MS, step, late);
      } catch (error) {
        if (this.#isStopping || performance.now() > until) throw error;
        await sleep(PROBLEM_PAUSE_MS);
      }
    }
  }
}

/** Keeps `work`, which never fails, among what is `underWay` until it is over. */
function track(work: Promise<void>, underWay: Set<Promise<void>>): void {
  underWay.add(work);
  void work.then(() => underWay.delete(work));
}
