import { setTimeout as sleep } from 'node:timers/promises';
import type { ConsumerInfo, ConsumerMessages, JsMsg } from '@nats-io/jetstream';
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
import { ATTEMPT, type ReceivedEvent } from '../events/event-wire.js';
import type { Subscription } from '../events/events.js';
import type { Log } from '../telemetry/log.js';
import { declareConsumer } from './declarations.js';
import { endOfTurn } from './end-of-turn.js';
import { readMessage } from './message.js';
import type { ConfirmingPublisher } from './publisher.js';
import {
  consumerDeclaration,
  consumerName,
  deadSubject,
  DELIVERY_LIMIT,
  WORKING_MS,
} from './topology.js';

/** How long the server waits for an event before it answers that there is none. */
const PULL_MS = 30_000;
/** The pause before the next attempt to consume if that failed. */
const PROBLEM_PAUSE_MS = 500;
/** The pause before an event is delivered again if it cannot be moved to the dead letters. */
const RETURN_PAUSE_MS = 1000;

export interface ConsumingOptions extends ConsumerOptions {
  stream: string;
}

/**
 * Consumes one event. It asks for as many events as there are idle handlers. So there are never more events in this
 * process than handlers, and a stop returns none.
 */
export class EventConsumer {
  #problem: string | undefined;
  #consumer: Promise<ConsumerInfo> | undefined;
  #isStopping = false;
  readonly #name: string;
  readonly #pulls = new Set<ConsumerMessages>();
  readonly #running = new Set<Promise<void>>();
  /** How many handlers are idle, and not asked for yet. */
  #idle = 0;

  constructor(
    private readonly subscription: Subscription,
    private readonly publisher: ConfirmingPublisher,
    private readonly options: ConsumingOptions,
  ) {
    const { service, partition } = options;
    this.#name = consumerName(service, subscription.contract.name, partition);
  }

  /** Why nothing is consumed, if that is the case. */
  get problem(): string | undefined {
    return this.#problem && `${this.#name} is not consumed: ${this.#problem}`;
  }

  /** Resolves when it consumes for the first time. After a lost connection, it continues by itself. */
  async start(): Promise<void> {
    while (!this.#isStopping) {
      try {
        await (this.#consumer = this.#declare());
        break;
      } catch (error) {
        await this.#pauseAfter(error);
      }
    }
    this.#free(this.options.prefetch);
  }

  /** Takes no more events, and waits for running handlers. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    for (const pull of this.#pulls) pull.stop();
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  /** Creates the server's consumer, or brings it up to date. */
  async #declare(): Promise<ConsumerInfo> {
    const { service, stream, partition } = this.options;
    const { name } = this.subscription.contract;
    const { manager } = await this.publisher.session();
    const declaration = consumerDeclaration(stream, service, name, partition);
    const info = await declareConsumer(manager, stream, declaration);
    this.#problem = undefined;
    return info;
  }

  /** Handlers that become idle at the end of the same turn ask together, because asking costs more than an event. */
  #free(count: number): void {
    const isFirst = this.#idle === 0;
    this.#idle += count;
    if (isFirst && count > 0) process.nextTick(() => this.#track(this.#ask()));
  }

  #track(work: Promise<void>): void {
    this.#running.add(work);
    void work.finally(() => this.#running.delete(work));
  }

  async #ask(): Promise<void> {
    let missing = this.#idle;
    this.#idle = 0;
    if (this.#isStopping) return;
    try {
      for await (const message of this.#fetch(missing)) {
        missing--;
        this.#track(this.#use(message));
      }
    } catch (error) {
      await this.#recover(error);
    }
    this.#free(missing);
  }

  async #use(message: JsMsg): Promise<void> {
    try {
      await this.#receive(message);
    } catch (error) {
      await this.#recover(error);
    }
    this.#free(1);
  }

  /** A person may have deleted the consumer or the stream, or it is another server. */
  async #recover(error: unknown): Promise<void> {
    this.#consumer = undefined;
    this.publisher.reset();
    await this.#pauseAfter(error);
  }

  async #pauseAfter(error: unknown): Promise<void> {
    if (this.#isStopping) return;
    const isNew = this.#problem === undefined;
    this.#problem = formatReason(error);
    if (isNew) this.options.log().warn({ consumer: this.#name }, this.problem);
    await sleep(PROBLEM_PAUSE_MS);
  }

  /** Ends when it gave as many events, when none came in time, or with a stop. */
  async *#fetch(count: number): AsyncGenerator<JsMsg> {
    const info = await (this.#consumer ??= this.#declare());
    const { stream } = await this.publisher.session();
    const consumer = stream.consumers.getConsumerFromInfo(info);
    const pull = await consumer.fetch({ max_messages: count, expires: PULL_MS });
    this.#pulls.add(pull);
    try {
      if (this.#isStopping) pull.stop();
      yield* pull;
    } finally {
      this.#pulls.delete(pull);
    }
  }

  async #receive(message: JsMsg): Promise<void> {
    if (this.#isStopping) return message.nak();
    const { contract } = this.subscription;
    const attempt = message.info.deliveryCount;
    const read = readMessage(message);
    const received = { ...read, headers: { ...read.headers, [ATTEMPT]: String(attempt) } };
    const log = this.options.log().child({ event: contract.name, eventId: received.id });
    const alive = { keep: () => message.working(), everyMs: WORKING_MS };
    await whileWorking(contract.name, this.options, alive, () =>
      this.#handle(message, received, attempt, log),
    );
  }

  async #handle(
    message: JsMsg,
    received: ReceivedEvent,
    attempt: number,
    log: Log,
  ): Promise<HandleOutcome> {
    const { handlerTimeoutMs, retryDelaysMs } = this.options;
    const context = handlerContext(received, handlerTimeoutMs);
    const options = { system: 'nats', destination: this.#name, handlerTimeoutMs, log } as const;
    // The handler's time limit does not apply to what follows it.
    const { deadline: _, ...timeless } = context;
    if (attempt > Math.max(DELIVERY_LIMIT, retryDelaysMs.length + 1)) {
      const error = new Error(`it was delivered ${attempt - 1} times, and none of them ended`);
      const step = { kind: 'dead', reason: 'retries exhausted' } as const;
      return runInContext(timeless, () => this.#putAway(message, received, error, step, log));
    }
    try {
      await runInContext(context, () => runHandler(this.subscription, received, options));
    } catch (error) {
      const step = planNextStep(error, attempt, retryDelaysMs);
      return runInContext(timeless, () => this.#putAway(message, received, error, step, log));
    }
    await endOfTurn();
    message.ack();
    return 'done';
  }

  /** An event leaves the stream only after the server has it among the dead letters. */
  async #putAway(
    message: JsMsg,
    received: ReceivedEvent,
    error: unknown,
    step: NextStep,
    log: Log,
  ): Promise<HandleOutcome> {
    const { service, stream } = this.options;
    const { name } = this.subscription.contract;
    const attempt = message.info.deliveryCount;
    if (step.kind === 'retry') {
      message.nak(step.delayMs);
      const text = `${name} failed and is delivered again in ${step.delayMs} ms: ${formatReason(error)}`;
      log.warn({ err: error, attempt }, text);
      return 'retried';
    }
    const subject = deadSubject(stream, service, name);
    const { id = '', source = '', body, headers } = received;
    try {
      await this.publisher.send({
        subject,
        // Unlike the event's id, it is another one if the event was replayed.
        messageId: `${this.#name}:${message.info.streamSequence}`,
        ...{ id, name, source, body },
        headers: { ...headers, ...deadHeaders(step.reason, error, attempt) },
      });
    } catch (failure) {
      log.warn({ err: error, attempt }, `${name} failed: ${formatReason(error)}`);
      log.error(
        { err: failure },
        `${name} could not be moved to ${subject} and comes again: ${formatReason(failure)}`,
      );
      message.nak(RETURN_PAUSE_MS);
      return 'returned';
    }
    message.term();
    const text = `${name} is in ${subject}: ${step.reason}: ${formatReason(error)}`;
    log.error({ err: error, attempt }, text);
    return 'dead';
  }
}
