import { setTimeout as sleep } from 'node:timers/promises';
import { runInContext } from '../context/request-context.js';
import { formatReason } from '../errors/errors.js';
import { deadHeaders } from '../events/dead-letter.js';
import { handlerContext, runHandler, type ConsumerOptions } from '../events/event-handling.js';
import type { HandleOutcome } from '../events/event-metrics.js';
import { planNextStep } from '../events/event-outcome.js';
import { ATTEMPT, attemptOf, type ReceivedEvent } from '../events/event-wire.js';
import type { Subscription } from '../events/events.js';
import type { Log } from '../telemetry/log.js';
import type { ConfirmingPublisher, OutgoingMessage } from './publisher.js';
import { deadQueue, retryName } from './topology.js';

/** The pause before an event is delivered again if it cannot be moved to any queue. */
const RETURN_PAUSE_MS = 1000;

/** Runs the handler of an event, and moves events that failed. */
export class Delivery {
  constructor(
    private readonly subscription: Subscription,
    private readonly queue: string,
    private readonly publisher: ConfirmingPublisher,
    private readonly options: ConsumerOptions,
  ) {}

  /** Never rejects. Events that are `returned` are still in their queue; so are those that are `retried`, if they have an order. */
  async handle(received: ReceivedEvent): Promise<HandleOutcome> {
    const { contract } = this.subscription;
    const started = performance.now();
    const end = (outcome: HandleOutcome): HandleOutcome => {
      this.options.metrics().handled(contract.name, outcome, performance.now() - started);
      return outcome;
    };
    const log = this.options.log().child({ event: contract.name, eventId: received.id });
    const { handlerTimeoutMs } = this.options;
    const context = handlerContext(received, handlerTimeoutMs);
    const options = {
      system: 'rabbitmq',
      destination: this.queue,
      handlerTimeoutMs,
      log,
    } as const;
    try {
      await runInContext(context, () => runHandler(this.subscription, received, options));
      return end('done');
    } catch (error) {
      // The handler's time limit does not apply to what follows.
      const { deadline: _, ...timeless } = context;
      return end(await runInContext(timeless, () => this.#putAway(received, error, log)));
    }
  }

  /** An event leaves its queue only after the broker has it in another one. */
  async #putAway(received: ReceivedEvent, error: unknown, log: Log): Promise<HandleOutcome> {
    const { service, retryDelaysMs, partition } = this.options;
    const { name } = this.subscription.contract;
    const attempt = attemptOf(received.headers);
    const step = planNextStep(error, attempt, retryDelaysMs);
    try {
      if (step.kind === 'retry') {
        const again = { [ATTEMPT]: String(step.attempt) };
        if (partition === undefined) {
          await this.#move(received, retryName(service, step.delayMs), this.queue, again);
        }
        const text = `${name} failed and is delivered again in ${step.delayMs} ms: ${formatReason(error)}`;
        log.warn({ err: error, attempt }, text);
        return 'retried';
      }
      const dead = deadQueue(service, name);
      await this.#move(received, '', dead, deadHeaders(step.reason, error, attempt));
      const text = `${name} is in ${dead}: ${step.reason}: ${formatReason(error)}`;
      log.error({ err: error, attempt }, text);
      return 'dead';
    } catch (failure) {
      log.warn({ err: error, attempt }, `${name} failed: ${formatReason(error)}`);
      log.error(
        { err: failure },
        `${name} could not be moved to another queue and returns to its own: ${formatReason(failure)}`,
      );
      await sleep(RETURN_PAUSE_MS);
      return 'returned';
    }
  }

  async #move(
    { id, source, headers, body }: ReceivedEvent,
    exchange: string,
    routingKey: string,
    more: Readonly<Record<string, string>>,
  ): Promise<void> {
    const { name } = this.subscription.contract;
    const message: OutgoingMessage = {
      exchange,
      routingKey,
      id: id ?? '',
      name,
      source: source ?? '',
      body,
      headers: { ...headers, ...more },
    };
    if (await this.publisher.send(message)) return;
    // A person deleted the queue.
    await this.publisher.reset();
    if (await this.publisher.send(message)) return;
    throw new Error(`there is no queue ${exchange || routingKey}`);
  }
}
