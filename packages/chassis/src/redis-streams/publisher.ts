import { limitToDeadline, within } from '../context/deadline.js';
import { UnavailableError } from '../errors/unavailable.js';
import { EventRefusedError } from '../events/broker.js';
import { partitionOf } from '../events/event-order.js';
import { RedisReplyError, type RedisConnection } from './connection.js';
import { entryFields, type OutgoingEvent } from './message.js';
import { PUBLISH } from './scripts.js';
import { handlersKey, queuePrefix, queueSuffix } from './topology.js';

/** There is no code if the account lacks a right that a script needs. Redis 7.0, then 7.2 and newer. */
const SCRIPT_REFUSED = /^ERR (The user executing the script|ACL failure in script)/;

/** Publishes, and waits until the server has each event. */
export class ConfirmingPublisher {
  readonly #underWay = new Set<Promise<unknown>>();

  constructor(
    private readonly connection: RedisConnection,
    private readonly resource: string,
    private readonly prefix: string,
    private readonly timeoutMs: number,
    /** Known consumers of each event. They get it even if they were never started. */
    private readonly subscribers: Readonly<Record<string, readonly string[]>>,
  ) {}

  /**
   * Resolves when the server has the event, with the number of services that get it.
   *
   * @throws {EventRefusedError}
   * @throws {UnavailableError} if it is not confirmed in time. It may still arrive.
   * @throws {OutOfTimeError} if the caller does not wait any more.
   */
  send(name: string, event: OutgoingEvent): Promise<number> {
    const sending = this.#send(name, event);
    this.#underWay.add(sending);
    const done = (): void => void this.#underWay.delete(sending);
    sending.then(done, done);
    return sending;
  }

  /** Waits for events that are being published. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#underWay);
  }

  async #send(name: string, event: OutgoingEvent): Promise<number> {
    const limitMs = limitToDeadline(this.timeoutMs, `publishing ${name}`);
    const late = (): Error => {
      const outage = this.connection.outage ?? `${name} was not confirmed within ${limitMs} ms`;
      return new UnavailableError(this.resource, new Error(outage));
    };
    try {
      return await within(limitMs, (isLate) => this.#publish(name, event, isLate), late);
    } catch (error) {
      if (isRefusal(error)) throw new EventRefusedError(name, { cause: error });
      throw error instanceof UnavailableError ? error : new UnavailableError(this.resource, error);
    }
  }

  async #publish(name: string, event: OutgoingEvent, isLate: () => boolean): Promise<number> {
    await this.connection.ready();
    // Nobody waits for it any more, so it is not sent.
    if (isLate()) return 0;
    const known = this.subscribers[name] ?? [];
    const to = [queuePrefix(this.prefix), queueSuffix(name, partitionOf(event.headers))];
    const args = [...to, known.length, ...known, ...entryFields(event)];
    return (await this.connection.runScript(
      PUBLISH,
      [handlersKey(this.prefix, name)],
      args,
    )) as number;
  }
}

/** The server would refuse it each time. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof RedisReplyError)) return false;
  return error.code === 'NOPERM' || SCRIPT_REFUSED.test(error.message);
}
