import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { AMQPError, type Channel, type ReturnedMessage } from 'rabbitmq-client';
import { limitToDeadline, within } from '../context/deadline.js';
import { UnavailableError } from '../errors/unavailable.js';
import { EventRefusedError } from '../events/broker.js';
import type { BrokerConnection } from './connection.js';
import { explainRights, MissingRightError } from './rights.js';
import type { Topology } from './topology.js';

export interface OutgoingMessage {
  readonly exchange: string;
  readonly routingKey: string;
  readonly id: string;
  readonly name: string;
  readonly source: string;
  readonly body: string | Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/** Where another service waits for an event. */
export interface ForeignQueues extends Topology {
  readonly event: string;
  /** Whether nothing may be published before they exist. */
  readonly isNeeded: boolean;
}

/** Queues of other services, and what to do if one is missing and may not be declared. */
export interface ForeignTopology {
  readonly topology: () => readonly ForeignQueues[];
  readonly onRefused: (queue: string) => void;
}

const NOTHING_FOREIGN: ForeignTopology = { topology: () => [], onRefused: () => undefined };

/**
 * If a broker is killed right after a quorum queue was declared, the queue comes back empty, even if its events were
 * confirmed (seen with RabbitMQ 3.10.8 and 4.3.6 for about 100 ms). The broker does not report when that time is over.
 */
const NEW_QUEUE_SETTLES_MS = 2000;

/** Errors of the broker about a single message: https://www.rabbitmq.com/docs/channels#error-handling. */
const REFUSALS: ReadonlySet<string> = new Set(['NACK', 'PRECONDITION_FAILED', 'CONTENT_TOO_LARGE']);

/** Publishes with confirms, on one channel that is opened when needed. */
export class ConfirmingPublisher {
  #channel: Channel | undefined;
  #opening: Promise<Channel> | undefined;
  readonly #returned = new Set<string>();
  /** For events that need it: the queue of another service that was missing last. */
  readonly #missing = new Map<string, string>();
  readonly #underWay = new Set<Promise<unknown>>();

  constructor(
    private readonly connection: BrokerConnection,
    private readonly resource: string,
    private readonly timeoutMs: number,
    /** Declared on each new channel, because it may be another broker, or the broker may have lost it. */
    private readonly topology: () => readonly Topology[],
    /** Queues of other services in which events must wait. A service's own account may not declare them. */
    private readonly foreign: ForeignTopology = NOTHING_FOREIGN,
  ) {}

  /**
   * Resolves when the message is on the broker's disk; with false if no queue accepts it, so that it is lost.
   *
   * @throws {EventRefusedError}
   * @throws {UnavailableError} if it is not confirmed in time. It may still arrive.
   * @throws {OutOfTimeError} if the caller does not wait any more.
   */
  send(message: OutgoingMessage): Promise<boolean> {
    const sending = this.#send(message);
    this.#underWay.add(sending);
    const done = (): void => void this.#underWay.delete(sending);
    sending.then(done, done);
    return sending;
  }

  channel(): Promise<Channel> {
    if (this.#channel?.active) return Promise.resolve(this.#channel);
    return (this.#opening ??= this.#open().finally(() => (this.#opening = undefined)));
  }

  /** Waits for messages that are being published. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#underWay);
    // Closing waits for an answer, which never comes from a broker that is down.
    if (this.connection.isReady) await this.#channel?.close();
  }

  /** Makes the next message declare everything again. */
  async reset(): Promise<void> {
    const channel = this.#channel;
    this.#channel = undefined;
    await channel?.close();
  }

  async #send(message: OutgoingMessage): Promise<boolean> {
    const { exchange, routingKey, id, name } = message;
    const limitMs = limitToDeadline(this.timeoutMs, `publishing ${name}`);
    const late = (): Error => {
      const outage = this.connection.outage ?? `${name} was not confirmed within ${limitMs} ms`;
      return new UnavailableError(this.resource, new Error(outage));
    };
    try {
      await within(limitMs, (isLate) => this.#publish(message, isLate), late);
    } catch (error) {
      if (error instanceof MissingRightError) throw new EventRefusedError(name, { cause: error });
      if (error instanceof AMQPError && REFUSALS.has(error.code)) {
        throw new EventRefusedError(name, { cause: error });
      }
      if (error instanceof EventRefusedError) throw error;
      throw error instanceof UnavailableError ? error : new UnavailableError(this.resource, error);
    }
    // A message that no queue accepts is returned before its confirm, so its callback runs one turn later.
    await nextTurn();
    return !this.#returned.delete(keyOf(exchange, routingKey, id));
  }

  async #publish(message: OutgoingMessage, isLate: () => boolean): Promise<void> {
    const { exchange, routingKey, id, name, source, body, headers } = message;
    const channel = await this.channel();
    if (this.#missing.has(name)) await this.#refuseIfMissing(name);
    // Its caller was told that it failed.
    if (isLate()) return;
    const envelope = {
      exchange,
      routingKey,
      messageId: id,
      type: name,
      appId: source,
      headers: { ...headers },
      contentType: 'application/json',
      // With an encoding set, the client does not decode the bytes of returned messages.
      contentEncoding: 'utf-8',
      durable: true,
      mandatory: true,
    };
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    await explainRights(channel.basicPublish(envelope, bytes), source, {
      doing: `publish ${name}`,
      list: 'publishes',
    });
  }

  #acquire(): Promise<Channel> {
    return this.connection.outside(() => this.connection.open().acquire());
  }

  /** @throws {EventRefusedError} */
  async #refuseIfMissing(event: string): Promise<void> {
    const queue = this.#missing.get(event)!;
    if (!(await this.#exists(queue))) {
      const why = `there is no queue ${queue} yet: its service creates it when it starts`;
      throw new EventRefusedError(event, { cause: new Error(why) });
    }
    this.#missing.delete(event);
  }

  /** Declares missing queues of another service, unless that is not allowed. Returns whether it declared any. */
  async #ensureForeign({ event, isNeeded, ...topology }: ForeignQueues): Promise<boolean> {
    const [missing] = topology.queues.slice(-1);
    if (!missing || (await this.#exists(missing.queue))) return false;
    const refused = await this.#alone((channel) => declare(channel, topology), 'ACCESS_REFUSED');
    if (refused && isNeeded) this.#missing.set(event, missing.queue);
    else if (refused) this.foreign.onRefused(missing.queue);
    return !refused;
  }

  /** Checking needs no permission, but declaring does. */
  async #exists(queue: string): Promise<boolean> {
    const ask = (channel: Channel) => channel.queueDeclare({ queue, passive: true });
    return !(await this.#alone(ask, 'NOT_FOUND'));
  }

  /**
   * Runs `work` on its own channel, because an error of the broker closes the channel. Returns whether the error was
   * `expected`.
   */
  async #alone(work: (channel: Channel) => Promise<unknown>, expected: string): Promise<boolean> {
    const channel = await this.#acquire();
    try {
      await work(channel);
      return false;
    } catch (error) {
      if (codeOf(error) === expected) return true;
      throw error;
    } finally {
      await channel.close();
    }
  }

  async #open(): Promise<Channel> {
    let isNew = false;
    for (const topology of this.foreign.topology()) {
      if (await this.#ensureForeign(topology)) isNew = true;
    }
    if (isNew) await sleep(NEW_QUEUE_SETTLES_MS);
    const channel = await this.#acquire();
    channel.on('basic.return', (message: ReturnedMessage) => {
      this.#returned.add(keyOf(message.exchange, message.routingKey, message.messageId));
    });
    try {
      for (const topology of this.topology()) await declare(channel, topology);
      await channel.confirmSelect();
    } catch (error) {
      await channel.close();
      throw error;
    }
    return (this.#channel = channel);
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof AMQPError ? error.code : undefined;
}

function keyOf(...parts: (string | undefined)[]): string {
  return parts.join('\n');
}

export async function declare(channel: Channel, topology: Topology): Promise<void> {
  for (const exchange of topology.exchanges) await channel.exchangeDeclare(exchange);
  for (const queue of topology.queues) await channel.queueDeclare(queue);
  for (const binding of topology.bindings) await channel.queueBind(binding);
}
