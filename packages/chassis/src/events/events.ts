import type * as z from 'zod';
import type { Log } from '../telemetry/log.js';

/** The contract of an event between services: its name and its data. */
export interface EventContract<N extends string = string, S extends z.ZodType = z.ZodType> {
  readonly name: N;
  readonly schema: S;
  /** The field of the data whose value is the key: events with the same key are handled in order. */
  readonly orderBy?: string;
}

/** The fields that events can be ordered by: those that are always a string or a number. */
export type OrderField<S extends z.ZodType> = {
  [F in keyof z.output<S>]-?: z.output<S>[F] extends string | number ? F : never;
}[keyof z.output<S>] &
  string;

export interface EventOptions<S extends z.ZodType> {
  /**
   * Events with the same value of this field are handled one after the other, in the order in which they were published,
   * also if one of them fails and is handled again later. Default: events can overtake each other.
   */
  orderBy?: OrderField<S>;
}

/** The type of the data that a publisher passes in. */
export type EventInput<E extends EventContract> = z.input<E['schema']>;

/** The type of the data that a handler gets. */
export type EventData<E extends EventContract> = z.output<E['schema']>;

/** An event as a handler gets it. */
export interface EventMessage<E extends EventContract = EventContract> {
  /** The same for each delivery of the event. */
  readonly id: string;
  readonly name: E['name'];
  readonly data: EventData<E>;
  readonly occurredAt: Date;
  /** The service that published it. */
  readonly source: string;
  /** Starts at 1; higher if handling it has failed before. */
  readonly attempt: number;
}

export interface PublishOptions {
  /** Default: a new UUID. Set it if the same event may be published twice, so that it is handled only once. */
  id?: string;
}

export interface Publisher<E extends EventContract = EventContract> {
  /**
   * Resolves with the event's id when the broker has it on disk.
   *
   * @throws {InvalidEventError} if `data` does not match the contract.
   */
  publish<C extends E>(contract: C, data: EventInput<C>, options?: PublishOptions): Promise<string>;
}

export interface HandlerContext {
  /** Each line has the event's name and id, and the id of the request that caused it. */
  readonly log: Log;
  /** Fires when the time for this attempt is over. */
  readonly signal: AbortSignal;
}

/** The event is done if it resolves. If it rejects, the event is delivered again later. */
export type Handler<E extends EventContract> = (
  event: EventMessage<E>,
  context: HandlerContext,
) => Promise<unknown>;

/** A handler with its event. */
export interface Subscription {
  readonly contract: EventContract;
  readonly handler: Handler<EventContract>;
}

/** Throw this if a retry cannot help: the event goes to the dead-letter queue immediately. */
export class RejectEventError extends Error {
  override readonly name = 'RejectEventError';
}

const NAME = /^[a-z][a-z0-9-]*(?:\.[a-z][a-z0-9-]*)+$/;
const MAX_NAME_LENGTH = 100;

/**
 * `defineEvent('order.placed', z.object({ orderId: z.uuid(), total: z.number() }))`. Events are sent as JSON. The
 * schema must accept its own output, so that a service can pass on what it got. With `{ orderBy: 'orderId' }`, events
 * with the same `orderId` are handled in order.
 *
 * @throws {TypeError} if the name does not consist of lower-case words separated by dots.
 */
export function defineEvent<const N extends string, S extends z.ZodType>(
  name: N,
  schema: S,
  { orderBy }: EventOptions<S> = {},
): EventContract<N, S> {
  if (!NAME.test(name) || name.length > MAX_NAME_LENGTH) {
    throw new TypeError(`the event "${name}" must be named like order.placed or order.line-added`);
  }
  return { name, schema, ...(orderBy === undefined ? {} : { orderBy }) };
}

/** `handle(orderPlaced, async (event, { log }) => …)`. The contract determines the types. */
export function handle<E extends EventContract>(contract: E, handler: Handler<E>): Subscription {
  // Only called with data that the contract's own schema has returned.
  return { contract, handler: handler as Handler<EventContract> };
}
