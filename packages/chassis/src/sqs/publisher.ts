import {
  GetTopicAttributesCommand,
  ListSubscriptionsByTopicCommand,
  PublishCommand,
} from '@aws-sdk/client-sns';
import { abortable, limitToDeadline, within } from '../context/deadline.js';
import { UnavailableError } from '../errors/unavailable.js';
import { EventRefusedError } from '../events/broker.js';
import type { AwsConnection } from './connection.js';
import type { Declarations } from './declarations.js';
import { isDenied, isInvalid, isMissing, MissingRightError } from './errors.js';
import {
  hashed,
  MAX_EVENT_BYTES,
  messageAttributes,
  messageBody,
  messageBytes,
  messageGroup,
  type OutgoingEvent,
} from './message.js';

/** How often AWS is asked again whether anybody is subscribed to an event. */
const ASK_AGAIN_MS = 10_000;

export interface PublisherOptions {
  /** The name of the resource. */
  resource: string;
  timeoutMs: number;
  /** Known consumers of each event. Their queues are created before the first one is published. */
  subscribers: Readonly<Record<string, readonly string[]>>;
}

/** An event by its name, and whether it has an order. */
export interface EventKind {
  readonly name: string;
  readonly isOrdered: boolean;
}

/** Publishes, and waits until SNS has each event. */
export class ConfirmingPublisher {
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #subscribed = new Set<string>();
  /** Queues of other services that this one may not create. */
  readonly #refused = new Set<string>();
  readonly #asked = new Map<string, { readonly at: number; readonly answer: Promise<boolean> }>();

  constructor(
    private readonly connection: AwsConnection,
    private readonly declarations: Declarations,
    private readonly options: PublisherOptions,
  ) {}

  /**
   * Resolves when SNS has the event; with whether any service has a queue for it.
   *
   * @throws {EventRefusedError}
   * @throws {UnavailableError} if it is not confirmed in time. It may still arrive.
   * @throws {OutOfTimeError} if the caller does not wait any more.
   */
  send(kind: EventKind, event: OutgoingEvent): Promise<boolean> {
    const sending = this.#send(kind, event);
    this.#underWay.add(sending);
    const done = (): void => void this.#underWay.delete(sending);
    sending.then(done, done);
    return sending;
  }

  /**
   * Resolves if AWS answers.
   *
   * @param publishes all events that can be published.
   */
  async check(publishes: readonly EventKind[], signal: AbortSignal): Promise<void> {
    const topics = publishes.map(({ name, isOrdered }) => this.declarations.topic(name, isOrdered));
    const [first] = await abortable(Promise.all(topics), signal);
    if (first === undefined) return;
    const command = new GetTopicAttributesCommand({ TopicArn: first });
    await this.connection.call((options) => this.connection.sns.send(command, options), { signal });
  }

  /** Waits for events that are being published. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#underWay);
  }

  async #send(kind: EventKind, event: OutgoingEvent): Promise<boolean> {
    const { name } = kind;
    const { resource, timeoutMs } = this.options;
    const limitMs = limitToDeadline(timeoutMs, `publishing ${name}`);
    const late = (): Error => {
      const outage = this.connection.outage ?? `${name} was not confirmed within ${limitMs} ms`;
      return new UnavailableError(resource, new Error(outage));
    };
    try {
      const topicArn = await within(limitMs, (isLate) => this.#publish(kind, event, isLate), late);
      return await this.#isSubscribed(topicArn);
    } catch (error) {
      if (isRefusal(error)) throw new EventRefusedError(name, { cause: error });
      throw error instanceof UnavailableError ? error : new UnavailableError(resource, error);
    }
  }

  async #publish(kind: EventKind, event: OutgoingEvent, isLate: () => boolean): Promise<string> {
    const { name, isOrdered } = kind;
    const body = messageBody(event);
    const attributes = messageAttributes(event);
    const bytes = messageBytes(body, attributes);
    if (bytes > MAX_EVENT_BYTES) throw new TooLargeError(name, bytes);
    const attempt = async (): Promise<string> => {
      const topicArn = await this.#declare(kind);
      // Its caller was told that it failed.
      if (isLate()) return topicArn;
      const unique = hashed(name, event.id ?? '');
      const order = {
        MessageGroupId: messageGroup(event, unique),
        MessageDeduplicationId: unique,
      };
      const message = {
        TopicArn: topicArn,
        Message: body,
        MessageAttributes: attributes,
        ...(isOrdered ? order : {}),
      };
      await this.connection.call((options) =>
        this.connection.sns.send(new PublishCommand(message), options),
      );
      return topicArn;
    };
    try {
      return await attempt();
    } catch (error) {
      // A person deleted the topic.
      if (!isMissing(error)) throw error;
      this.declarations.forget();
      return attempt();
    }
  }

  async #declare({ name, isOrdered }: EventKind): Promise<string> {
    const topicArn = await this.declarations.topic(name, isOrdered);
    const { subscribers } = this.options;
    await Promise.all((subscribers[name] ?? []).map((one) => this.#prepare(one, name, isOrdered)));
    return topicArn;
  }

  /** Creates the queue of another service, unless that is not allowed. */
  async #prepare(subscriber: string, event: string, isOrdered: boolean): Promise<void> {
    const place = `${subscriber} ${event}`;
    if (this.#refused.has(place)) return;
    try {
      await this.declarations.place(subscriber, event, isOrdered);
    } catch (error) {
      if (!(error instanceof MissingRightError)) throw error;
      this.#refused.add(place);
      this.declarations.warnOnce(
        `${subscriber} misses what is published as ${event} until it has started once: ${error.message}`,
      );
    }
  }

  /** SNS keeps no event to which nothing is subscribed, and does not say so. */
  async #isSubscribed(topicArn: string): Promise<boolean> {
    if (this.#subscribed.has(topicArn)) return true;
    const last = this.#asked.get(topicArn);
    const now = performance.now();
    if (last && now - last.at < ASK_AGAIN_MS) return last.answer;
    const asking = this.connection.outside(() => this.#askForSubscription(topicArn));
    // The event is confirmed, so it is no failure if AWS cannot say more, or may not.
    const answer = asking.catch(() => true);
    this.#asked.set(topicArn, { at: now, answer });
    return answer;
  }

  async #askForSubscription(topicArn: string): Promise<boolean> {
    const { Subscriptions = [] } = await this.connection.call((options) =>
      this.connection.sns.send(
        new ListSubscriptionsByTopicCommand({ TopicArn: topicArn }),
        options,
      ),
    );
    if (Subscriptions.length === 0) return false;
    this.#subscribed.add(topicArn);
    return true;
  }
}

class TooLargeError extends Error {
  override readonly name = 'TooLargeError';

  constructor(event: string, bytes: number) {
    super(
      `${event} has ${bytes} bytes with its attributes; ${MAX_EVENT_BYTES} at most. Put large data into a store such as S3, and its key into the event`,
    );
  }
}

/** AWS would refuse it each time. */
function isRefusal(error: unknown): boolean {
  const isOurs = error instanceof TooLargeError || error instanceof MissingRightError;
  return isOurs || isDenied(error) || isInvalid(error);
}
