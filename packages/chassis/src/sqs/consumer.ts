import { setTimeout as sleep } from 'node:timers/promises';
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
import { attemptOf } from '../events/event-wire.js';
import type { Subscription } from '../events/events.js';
import type { Log } from '../telemetry/log.js';
import { MissingRightError } from './errors.js';
import type { HandlerQueue, Taken } from './queue.js';
import { ABANDONED_MS, DELIVERY_LIMIT, WORKING_MS } from './topology.js';

/** The pause before the next attempt to do something that failed. */
const PROBLEM_PAUSE_MS = 500;
/** The pause before an event is delivered again if it cannot be moved to the dead letters. */
const RETURN_PAUSE_MS = 1000;

export interface ConsumingOptions extends ConsumerOptions {
  /** How long SQS waits for an event before it answers that there is none. */
  pollMs: number;
}

/** Consumes one event. It takes as many as it has free handlers, so there are never more in this process. */
export class EventConsumer {
  #problem: string | undefined;
  #isWarned = false;
  readonly #stopping = new AbortController();
  readonly #running = new Set<Promise<void>>();
  #reading: Promise<void> | undefined;

  constructor(
    private readonly subscription: Subscription,
    private readonly queue: HandlerQueue,
    private readonly options: ConsumingOptions,
  ) {}

  /** Why nothing is consumed, if that is the case. */
  get problem(): string | undefined {
    return this.#problem && `${this.queue.names.queue} is not consumed: ${this.#problem}`;
  }

  get #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** Resolves when its queue is there. Whatever fails, it continues by itself. */
  async start(): Promise<void> {
    while (!this.#isStopping) {
      try {
        await this.queue.declare();
        this.#problem = undefined;
        break;
      } catch (error) {
        await this.#pauseAfter(error);
      }
    }
    this.#reading = this.#read();
  }

  /** Takes no more events, and waits for running handlers. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#reading;
    await Promise.all(this.#running);
  }

  async #read(): Promise<void> {
    const { signal } = this.#stopping;
    while (!this.#isStopping) {
      const free = this.options.prefetch - this.#running.size;
      if (free <= 0) {
        await Promise.race(this.#running);
        continue;
      }
      try {
        // After a problem, it asks only once, to know soon that it is over.
        const waitMs = this.#problem === undefined ? this.options.pollMs : 0;
        for (const taken of await this.queue.take(free, waitMs, signal)) this.#begin(taken);
        this.#problem = undefined;
      } catch (error) {
        await this.#pauseAfter(error);
      }
    }
  }

  async #pauseAfter(error: unknown): Promise<void> {
    if (this.#isStopping) return;
    const isNew = this.#problem === undefined;
    this.#problem = formatReason(error);
    const { queue } = this.queue.names;
    if (isNew) this.options.log().warn({ queue }, this.problem);
    const { signal } = this.#stopping;
    await sleep(PROBLEM_PAUSE_MS, undefined, { signal }).catch(() => undefined);
  }

  /** Only of what a person must change: an event may be gone, and AWS may answer the next time. */
  #warnOf(error: unknown): void {
    if (!(error instanceof MissingRightError) || this.#isWarned) return;
    this.#isWarned = true;
    const { queue } = this.queue.names;
    const seconds = ABANDONED_MS / 1000;
    const text = `what takes longer than ${seconds} s is handled again beside itself: ${error.message}`;
    this.options.log().warn({ queue }, text);
  }

  #begin(taken: Taken): void {
    const running = this.#receive(taken).catch((error: unknown) => {
      // It comes again when it is abandoned.
      const { queue } = this.queue.names;
      this.options.log().error({ err: error, queue }, `${queue}: ${formatReason(error)}`);
    });
    this.#running.add(running);
    void running.then(() => this.#running.delete(running));
  }

  async #receive(taken: Taken): Promise<void> {
    if (this.#isStopping) return this.#surely(() => this.queue.pause(taken, 0));
    const { contract } = this.subscription;
    const { id, headers } = taken.received;
    const log = this.options.log().child({ event: contract.name, eventId: id });
    const keep = () => void this.queue.keep(taken).catch((error: unknown) => this.#warnOf(error));
    await whileWorking(contract.name, this.options, { keep, everyMs: WORKING_MS }, () =>
      this.#handle(taken, attemptOf(headers), log),
    );
  }

  async #handle(taken: Taken, attempt: number, log: Log): Promise<HandleOutcome> {
    const { handlerTimeoutMs, retryDelaysMs } = this.options;
    const context = handlerContext(taken.received, handlerTimeoutMs);
    const { queue: destination } = this.queue.names;
    const options = { system: 'aws_sqs', destination, handlerTimeoutMs, log } as const;
    // The handler's time limit does not apply to what follows it.
    const { deadline: _, ...timeless } = context;
    const putAway = (error: unknown, step: NextStep) =>
      runInContext(timeless, () => this.#putAway(taken, error, step, attempt, log));
    if (attempt > Math.max(DELIVERY_LIMIT, retryDelaysMs.length + 1)) {
      const error = new Error(`it was delivered ${attempt - 1} times, and none of them ended`);
      return putAway(error, { kind: 'dead', reason: 'retries exhausted' });
    }
    try {
      await runInContext(context, () => runHandler(this.subscription, taken.received, options));
    } catch (error) {
      return putAway(error, planNextStep(error, attempt, retryDelaysMs));
    }
    try {
      await this.#surely(() => this.queue.finish(taken));
    } catch (failure) {
      const text = `${this.subscription.contract.name} is done, but it comes again: ${formatReason(failure)}`;
      log.warn({ attempt }, text);
    }
    return 'done';
  }

  async #putAway(
    taken: Taken,
    error: unknown,
    step: NextStep,
    attempt: number,
    log: Log,
  ): Promise<HandleOutcome> {
    const { name } = this.subscription.contract;
    const why = formatReason(error);
    try {
      if (step.kind === 'retry') {
        // SQS counts in whole seconds.
        const delayMs = Math.ceil(step.delayMs / 1000) * 1000;
        await this.#surely(() => this.queue.pause(taken, delayMs));
        const text = `${name} failed and is delivered again in ${delayMs} ms: ${why}`;
        log.warn({ err: error, attempt }, text);
        return 'retried';
      }
      const { reason } = step;
      await this.#surely(() => this.queue.bury(taken, reason, error, attempt));
      const text = `${name} is in ${this.queue.names.dead}: ${reason}: ${why}`;
      log.error({ err: error, attempt }, text);
      return 'dead';
    } catch (failure) {
      log.warn({ err: error, attempt }, `${name} failed: ${why}`);
      const text = `${name} could not be moved, and comes again: ${formatReason(failure)}`;
      log.error({ err: failure }, text);
      await this.queue.pause(taken, RETURN_PAUSE_MS).catch(() => undefined);
      return 'returned';
    }
  }

  /** Repeats a step while AWS does not do it, until the event counts as abandoned. */
  async #surely(step: () => Promise<void>): Promise<void> {
    const until = performance.now() + ABANDONED_MS;
    for (;;) {
      try {
        return await step();
      } catch (error) {
        if (this.#isStopping || performance.now() > until) throw error;
        await sleep(PROBLEM_PAUSE_MS);
      }
    }
  }
}
