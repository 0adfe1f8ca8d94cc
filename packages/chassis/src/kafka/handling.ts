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
import { readRecord, RETRY_AT } from './message.js';
import type { Entry, Partition } from './partition.js';
import type { ConfirmingPublisher } from './publisher.js';
import { DELIVERY_LIMIT, type HandlerTopics } from './topology.js';

/** How long it is tried to move an event to where it belongs after its handler failed. */
const MOVED_WITHIN_MS = 15_000;
const PROBLEM_PAUSE_MS = 500;
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

  /** Resolves with whether the event needs to be handled no more. */
  async receive(partition: Partition, entry: Entry): Promise<boolean> {
    const { contract } = this.subscription;
    const received = readRecord(entry.record);
    const log = this.options.log().child({ event: contract.name, eventId: received.id });
    const attempt = attemptOf(received.headers);
    const isSuspect = entry.offset === partition.base && partition.claims > DELIVERY_LIMIT;
    let outcome: HandleOutcome = 'returned';
    await whileWorking(contract.name, this.options, ALIVE, async () => {
      outcome = isSuspect
        ? await this.#bury(received, attempt, log)
        : await this.#handle(partition.topic, received, attempt, log);
      return outcome;
    });
    return (outcome as HandleOutcome) !== 'returned';
  }

  #bury(received: ReceivedEvent, attempt: number, log: Log): Promise<HandleOutcome> {
    const error = new Error(`it was delivered ${DELIVERY_LIMIT} times, and none of them ended`);
    const step = { kind: 'dead', reason: 'retries exhausted' } as const;
    const { deadline: _, ...context } = handlerContext(received, 0);
    return runInContext(context, () => this.#putAway(received, error, step, attempt, log));
  }

  async #handle(
    destination: string,
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
      // The handler's time limit does not apply to what follows it.
      const { deadline: _, ...timeless } = context;
      return runInContext(timeless, () => this.#putAway(received, error, step, attempt, log));
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
    if (isRetry) {
      const text = `${name} failed and is delivered again in ${step.delayMs} ms: ${why}`;
      log.warn({ err: error, attempt }, text);
      return 'retried';
    }
    log.error({ err: error, attempt }, `${name} is in ${topic}: ${step.reason}: ${why}`);
    return 'dead';
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
