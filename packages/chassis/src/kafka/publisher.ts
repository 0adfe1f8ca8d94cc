import { Producer } from '@platformatic/kafka';
import { limitToDeadline, within } from '../context/deadline.js';
import { UnavailableError } from '../errors/unavailable.js';
import { EventRefusedError } from '../events/broker.js';
import { closeClient, survivesErrors, type KafkaConnection } from './connection.js';
import { answersIn, isAnswer, reasonOf, UNKNOWN_TOPIC } from './errors.js';
import { recordFields, type OutgoingEvent } from './message.js';

/** How many bytes of events are sent in one request. */
const BATCH_BYTES = 1024 * 1024;
/** The server would refuse it each time. */
const REFUSALS = [
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'TOPIC_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
];
/** How often the client repeats a request of its own, which the server recognises. At least two, or it never ends. */
const REPEATS = 2;
const REPEAT_PAUSE_MS = 50;

export interface OutgoingMessage extends OutgoingEvent {
  readonly topic: string;
  /** What errors call it. */
  readonly name: string;
  /** Default: each event goes to the next one. */
  readonly partition?: number;
}

interface Waiting {
  readonly message: OutgoingMessage;
  readonly bytes: number;
  readonly isLate: () => boolean;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Publishes, and waits until all servers that keep a topic in step have each message. While a request is under way, what
 * comes meanwhile waits for the next one.
 */
export class ConfirmingPublisher {
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #next = new Map<string, number>();
  #waiting: Waiting[] = [];
  #isSending = false;
  #producer: Producer | undefined;

  constructor(
    private readonly connection: KafkaConnection,
    private readonly resource: string,
    private readonly timeoutMs: number,
    /** Creates what a topic needs, and again if the server does not know it. */
    private readonly prepare: (message: OutgoingMessage, isAgain: boolean) => Promise<unknown>,
  ) {}

  /**
   * Resolves when the servers have the message.
   *
   * @throws {EventRefusedError}
   * @throws {UnavailableError} if it is not confirmed in time. It may still arrive.
   * @throws {OutOfTimeError} if the caller does not wait any more.
   */
  send(message: OutgoingMessage): Promise<void> {
    const sending = this.#send(message);
    this.#underWay.add(sending);
    const done = (): void => void this.#underWay.delete(sending);
    sending.then(done, done);
    return sending;
  }

  /** Waits for messages that are being published. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#underWay);
    await closeClient(this.#producer);
  }

  async #send(message: OutgoingMessage): Promise<void> {
    const { name } = message;
    const limitMs = limitToDeadline(this.timeoutMs, `publishing ${name}`);
    const late = (): Error => {
      const outage = this.connection.outage ?? `${name} was not confirmed within ${limitMs} ms`;
      return new UnavailableError(this.resource, new Error(outage));
    };
    try {
      await within(limitMs, (isLate) => this.#publish(message, isLate), late);
    } catch (error) {
      if (isAnswer(error, ...REFUSALS)) throw new EventRefusedError(name, { cause: error });
      if (error instanceof UnavailableError) throw error;
      throw new UnavailableError(this.resource, new Error(reasonOf(error)));
    }
  }

  async #publish(message: OutgoingMessage, isLate: () => boolean): Promise<void> {
    for (let isAgain = false; ; isAgain = true) {
      await this.prepare(message, isAgain);
      try {
        return await this.#queue(message, isLate);
      } catch (error) {
        // A person deleted the topic.
        if (isAgain || !isAnswer(error, UNKNOWN_TOPIC)) throw error;
      }
    }
  }

  #queue(message: OutgoingMessage, isLate: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const bytes = Buffer.byteLength(message.body);
      this.#waiting.push({ message, bytes, isLate, resolve, reject });
      if (!this.#isSending) void this.connection.outside(() => this.#sendAll());
    });
  }

  /** One request at a time, so that the server sees them in order. */
  async #sendAll(): Promise<void> {
    this.#isSending = true;
    // What is published in the same turn goes together.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      let bytes = 0;
      const end = this.#waiting.findIndex(
        (one, at) => (bytes += one.bytes) > BATCH_BYTES && at > 0,
      );
      const batch = this.#waiting.splice(0, end === -1 ? this.#waiting.length : end);
      // The caller of a late one was told that it failed.
      await this.#produce(batch.filter(({ isLate }) => !isLate()));
    }
    this.#isSending = false;
  }

  async #produce(batch: readonly Waiting[]): Promise<void> {
    if (batch.length === 0) return;
    try {
      const messages = batch.map(({ message }) => this.#record(message));
      await this.#client().send({ messages });
      for (const { resolve } of batch) resolve();
    } catch (error) {
      await this.#giveUp();
      const isAnswered = answersIn(error).size > 0;
      if (!isAnswered) this.connection.suspect();
      if (isAnswered && batch.length > 1) {
        // It may be about one of them.
        for (const one of batch) await this.#produce([one]);
        return;
      }
      for (const { reject } of batch) reject(error);
    }
  }

  #record(message: OutgoingMessage) {
    const { topic } = message;
    const fields = { topic, ...recordFields(message) };
    if (message.partition !== undefined) return { ...fields, partition: message.partition };
    const partition = this.#next.get(topic) ?? 0;
    this.#next.set(topic, (partition + 1) % Number.MAX_SAFE_INTEGER);
    // The client takes the remainder.
    return { ...fields, partition };
  }

  #client(): Producer {
    return (this.#producer ??= survivesErrors(
      new Producer({
        ...this.connection.clientOptions,
        idempotent: true,
        retries: REPEATS,
        retryDelay: REPEAT_PAUSE_MS,
      }),
    ));
  }

  /** After a failure, it is unknown with which number the server expects the next message. */
  async #giveUp(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    await closeClient(producer);
  }
}
