import { JetStreamApiError } from '@nats-io/jetstream';
import {
  InvalidArgumentError,
  PermissionViolationError,
  RequestError,
} from '@nats-io/transport-node';
import { limitToDeadline, within } from '../context/deadline.js';
import { UnavailableError } from '../errors/unavailable.js';
import { EventRefusedError } from '../events/broker.js';
import type { NatsConnection, Session } from './connection.js';
import { declare, type Declarations } from './declarations.js';
import { endOfTurn } from './end-of-turn.js';
import { messageHeaders, type OutgoingMessage } from './message.js';

/** Larger than the stream's max_msg_size: https://github.com/nats-io/nats-server/blob/main/server/errors.json */
const TOO_LARGE = 10054;

/** Publishes, and waits until the server has each message. */
export class ConfirmingPublisher {
  #declared: { readonly session: number; readonly done: Promise<void> } | undefined;
  readonly #underWay = new Set<Promise<unknown>>();

  constructor(
    private readonly connection: NatsConnection,
    private readonly resource: string,
    private readonly timeoutMs: number,
    /** The first stream is that of the consumers. */
    private readonly declarations: () => Declarations,
  ) {}

  /**
   * Resolves when the server has the message.
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

  /** A connection on which everything is declared. */
  async session(): Promise<Session> {
    const session = await this.connection.session();
    const { sessions } = this.connection;
    if (this.#declared?.session !== sessions) {
      const done = this.connection.outside(() => declare(session.manager, this.declarations()));
      const declared = { session: sessions, done };
      this.#declared = declared;
      done.catch(() => {
        if (this.#declared === declared) this.reset();
      });
    }
    await this.#declared.done;
    return session;
  }

  /** Makes the next message declare everything again. */
  reset(): void {
    this.#declared = undefined;
  }

  /** Waits for messages that are being published. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#underWay);
  }

  async #send(message: OutgoingMessage): Promise<void> {
    const { name } = message;
    const limitMs = limitToDeadline(this.timeoutMs, `publishing ${name}`);
    const late = (): Error => {
      const outage = this.connection.outage ?? `${name} was not confirmed within ${limitMs} ms`;
      return new UnavailableError(this.resource, new Error(outage));
    };
    try {
      await within(limitMs, (isLate) => this.#publish(message, limitMs, isLate), late);
    } catch (error) {
      if (isRefusal(error)) throw new EventRefusedError(name, { cause: error });
      throw error instanceof UnavailableError ? error : new UnavailableError(this.resource, error);
    }
  }

  async #publish(message: OutgoingMessage, timeout: number, isLate: () => boolean): Promise<void> {
    const { subject, messageId: msgID, body } = message;
    const attempt = async (): Promise<void> => {
      const { stream } = await this.session();
      await endOfTurn();
      // Its caller was told that it failed.
      if (isLate()) return;
      await stream.publish(subject, body, { headers: messageHeaders(message), msgID, timeout });
    };
    try {
      await attempt();
    } catch (error) {
      // No stream takes it: a person deleted the stream.
      const cause = error instanceof Error ? error.cause : undefined;
      if (!(cause instanceof RequestError && cause.isNoResponders())) throw error;
      this.reset();
      await attempt();
    }
  }
}

/** The server would refuse it each time. */
function isRefusal(error: unknown): boolean {
  if (error instanceof JetStreamApiError) return error.code === TOO_LARGE;
  const reason = error instanceof Error && error.cause ? error.cause : error;
  return [error, reason].some(
    // The client itself refuses what is larger than the server's max_payload.
    (one) => one instanceof PermissionViolationError || one instanceof InvalidArgumentError,
  );
}
