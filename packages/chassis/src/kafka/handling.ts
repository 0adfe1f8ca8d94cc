import { setTimeout as sleep } from 'node:timers/promises';
import { runInContext } from '../context/request-context.js';
import { formatReason } from '../errors/errors.js';
import { deadHeaders } from '../events/dead-letter.js';
import {
  handlerContext,
  runHandler,
  whileWorking,
  type ConsumerOptions,
} from '../events/event-handling.js';
import type { HandleOutcome } from '../events/event-metrics.js';
import { planNextStep, type NextStep } from '../events/event-outcome.js';
import { ATTEMPT, attemptOf, type ReceivedEvent } from '../events/event-wire.js';
import type { Subscription } from '../events/events.js';
import type { Log } from '../telemetry/log.js';
import { ONLY_FOR, readRecord, RETRY_AT } from './message.js';
import type { Entry, Partition } from './partition.js';
import type { ConfirmingPublisher } from './publisher.js';
import { DELIVERY_LIMIT, type HandlerTopics } from './topology.js';

/** How long it is tried to move an event to where it belongs after its handler failed. */
const MOVED_WITHIN_MS = 15_000;
const PROBLEM_PAUSE_MS = 500;
/** What becomes of an event in its partition: it is done with, or handled again after a pause, as this attempt. */
export type Verdict =
  | { readonly kind: 'done' }
  | { readonly kind: 'again'; readonly afterMs: number; readonly attempt: number };

/** The server is told by the group, not by each event. */
const ALIVE = { keep: () => undefined, everyMs: 60_000 };

/** Handles events, and moves those that fail to where they go next. */
export class EventHandling {
  constructor(
    private readonly subscription: Subscription,
    private readonly topics: HandlerTopics,
    private readonly publisher: ConfirmingPublisher,
    private readonly options: ConsumerOptions,
    private readonly isStopping: () => boolean,
  ) {}

  async receive(partition: Partition, entry: Entry): Promise<Verdict> {
    const { contract } = this.subscription;
    const read = readRecord(entry.record);
    const { [ONLY_FOR]: onlyFor, ...others } = read.headers;
    if (onlyFor !== undefined && onlyFor !== this.options.service) return { kind: 'done' };
    const attempt = entry.attempt ?? attemptOf(others);
    const received = { ...read, headers: { ...others, [ATTEMPT]: String(attempt) } };
    const log = this.options.log().child({ event: contract.name, eventId: received.id });
    const isSuspect = entry.offset === partition.base && partition.claims > DELIVERY_LIMIT;
    let outcome: HandleOutcome = 'returned';
    await whileWorking(contract.name, this.options, ALIVE, async () => {
      outcome = isSuspect
        ? await this.#bury(received, attempt, log)
        : await this.#handle(partition, received, attempt, log);
      return outcome;
    });
    return this.#verdict(partition, attempt, outcome);
  }

  #verdict({ isSerial }: Partition, attempt: number, outcome: HandleOutcome): Verdict {
    if (outcome === 'returned') return { kind: 'again', afterMs: PROBLEM_PAUSE_MS, attempt };
    if (!isSerial || outcome !== 'retried') return { kind: 'done' };
    const afterMs = this.options.retryDelaysMs[attempt - 1]!;
    return { kind: 'again', afterMs, attempt: attempt + 1 };
  }

  #bury(received: ReceivedEvent, attempt: number, log: Log): Promise<HandleOutcome> {
    const error = new Error(`it was delivered ${DELIVERY_LIMIT} times, and none of them ended`);
    const step = { kind: 'dead', reason: 'retries exhausted' } as const;
    const { deadline: _, ...context } = handlerContext(received, 0);
    return runInContext(context, () => this.#putAway(received, error, step, attempt, log));
  }

  async #handle(
    { topic: destination, isSerial }: Partition,
    received: ReceivedEvent,
    attempt: number,
    log: Log,
  ): Promise<HandleOutcome> {
    const { handlerTimeoutMs, retryDelaysMs } = this.options;
    const context = handlerContext(received, handlerTimeoutMs);
    const options = { system: 'kafka', destination, handlerTimeoutMs, log } as const;
    try {
      await runInContext(context, () => runHandler(this.subscription, received, options));
    } catch (error) {
      const step = planNextStep(error, attempt, retryDelaysMs);
      const isHeld = step.kind === 'retry' && isSerial;
      // The handler's time limit does not apply to what follows it.
      const { deadline: _, ...timeless } = context;
      return runInContext(timeless, () =>
        isHeld
          ? Promise.resolve(this.#sayAgain(error, step, attempt, log))
          : this.#putAway(received, error, step, attempt, log),
      );
    }
    return 'done';
  }

  /** An event counts as done only after the servers have it where it goes next. */
  async #putAway(
    received: ReceivedEvent,
    error: unknown,
    step: NextStep,
    attempt: number,
    log: Log,
  ): Promise<HandleOutcome> {
    const { name } = this.subscription.contract;
    const why = formatReason(error);
    const { id = '', source = '', body, headers } = received;
    const isRetry = step.kind === 'retry';
    const topic = isRetry ? this.topics.retries[attempt - 1]! : this.topics.dead;
    const more = isRetry
      ? { [ATTEMPT]: String(step.attempt), [RETRY_AT]: String(Date.now() + step.delayMs) }
      : deadHeaders(step.reason, error, attempt);
    const { [RETRY_AT]: _, ...others } = headers;
    const message = { topic, name, id, source, body, headers: { ...others, ...more } };
    try {
      await this.#surely(() => this.publisher.send(message));
    } catch (failure) {
      log.warn({ err: error, attempt }, `${name} failed: ${why}`);
      const text = `${name} could not be moved to ${topic} and comes again: ${formatReason(failure)}`;
      log.error({ err: failure }, text);
      return 'returned';
    }
    if (isRetry) return this.#sayAgain(error, step, attempt, log);
    log.error({ err: error, attempt }, `${name} is in ${topic}: ${step.reason}: ${why}`);
    return 'dead';
  }

  #sayAgain(
    error: unknown,
    { delayMs }: Extract<NextStep, { kind: 'retry' }>,
    attempt: number,
    log: Log,
  ): HandleOutcome {
    const { name } = this.subscription.contract;
    const text = `${name} failed and is delivered again in ${delayMs} ms: ${formatReason(error)}`;
    log.warn({ err: error, attempt }, text);
    return 'retried';
  }

  /** Repeats it while the server is away. */
  async #surely(step: () => Promise<void>): Promise<void> {
    const until = performance.now() + MOVED_WITHIN_MS;
    for (;;) {
      try {
        return await step();
      } catch (error) {
        if (this.isStopping() || performance.now() > until) throw error;
        await sleep(PROBLEM_PAUSE_MS);
      }
    }
  }
}
