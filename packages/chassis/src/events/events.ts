import type * as z from 'zod';
import type { Log } from '../telemetry/log.js';

/** What services agree on about an event: its name and what it carries. */
export interface EventContract<N extends string = string, S extends z.ZodType = z.ZodType> {
  readonly name: N;
  readonly schema: S;
}

/** What a publisher gives. */
export type EventInput<E extends EventContract> = z.input<E['schema']>;

/** What a handler gets. */
export type EventData<E extends EventContract> = z.output<E['schema']>;

/** An event as a handler gets it. */
export interface EventMessage<E extends EventContract = EventContract> {
  /** The same however often it is delivered. */
  readonly id: string;
  readonly name: E['name'];
  readonly data: EventData<E>;
  readonly occurredAt: Date;
  /** The service that published it. */
  readonly source: string;
  /** From 1; higher if handling it failed before. */
  readonly attempt: number;
}

export interface PublishOptions {
  /** Default: a new UUID. Set it if the same event may be published twice, so that it is handled once. */
  id?: string;
}

export interface Publisher<E extends EventContract = EventContract> {
  /**
   * Resolves with the event's id once the broker has it on disk.
   * @throws {InvalidEventError} if `data` does not fit the contract.
   */
  publish<C extends E>(contract: C, data: EventInput<C>, options?: PublishOptions): Promise<string>;
}

export interface HandlerContext {
  /** With the event's name and id, and the id of the request that led to it, in each line. */
  readonly log: Log;
  /** Fires when the time for this attempt is over. */
  readonly signal: AbortSignal;
}

/** Done when it resolves; if it rejects, the event is delivered again later. */
export type Handler<E extends EventContract> = (
  event: EventMessage<E>,
  context: HandlerContext,
) => Promise<unknown>;

/** A handler with the event that it is for. */
export interface Subscription {
  readonly contract: EventContract;
  readonly handler: Handler<EventContract>;
}

/** An event that handling again cannot help: it goes to the dead-letter queue at once. */
export class RejectEventError extends Error {
  override readonly name = 'RejectEventError';
}

const NAME = /^[a-z][a-z0-9-]*(?:\.[a-z][a-z0-9-]*)+$/;
const MAX_NAME_LENGTH = 100;

/**
 * `defineEvent('order.placed', z.object({ orderId: z.uuid(), total: z.number() }))`. It travels as JSON, and what
 * the schema gives it must also take, so that a service can pass on what it got.
 * @throws {TypeError} if the name is not words of lower case with dots between them.
 */
export function defineEvent<const N extends string, S extends z.ZodType>(
  name: N,
  schema: S,
): EventContract<N, S> {
  if (!NAME.test(name) || name.length > MAX_NAME_LENGTH) {
    throw new TypeError(`the event "${name}" must be named like order.placed or order.line-added`);
  }
  return { name, schema };
}

/** `handle(orderPlaced, async (event, { log }) => …)`: typed by the contract. */
export function handle<E extends EventContract>(contract: E, handler: Handler<E>): Subscription {
  // Only ever called with what the contract's own schema gave.
  return { contract, handler: handler as Handler<EventContract> };
}
