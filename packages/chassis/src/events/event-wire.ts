import { randomUUID } from 'node:crypto';
import { ORDER, orderHash } from './event-order.js';
import type { EventContract, EventInput, EventMessage, PublishOptions } from './events.js';

/** Larger data belongs into a store, with a reference in the event: the broker keeps queues in memory. */
const MAX_BYTES = 1024 * 1024;

const OCCURRED_AT = 'x-occurred-at';
export const ATTEMPT = 'x-attempt';

/** An event does not match its contract. On the publisher's side, that is a bug in the calling code. */
export class InvalidEventError extends Error {
  override readonly name = 'InvalidEventError';

  constructor(
    readonly event: string,
    problem: string,
    options?: ErrorOptions,
  ) {
    super(`${event} is not valid: ${problem}`, options);
  }
}

/** An event as it travels. */
export interface WireEvent {
  readonly id: string;
  readonly name: string;
  /** JSON. */
  readonly body: string | Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/** A message from a queue, of any publisher. */
export interface ReceivedEvent {
  readonly id: string | undefined;
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
  readonly source: string | undefined;
}

/**
 * Fields that are not in the schema are left out, so that they cannot leave the service by mistake. @throws
 * {InvalidEventError}
 */
export function encodeEvent<E extends EventContract>(
  contract: E,
  data: EventInput<E>,
  { id = randomUUID() }: PublishOptions = {},
  headers: Readonly<Record<string, string>> = {},
): WireEvent {
  const { name } = contract;
  if (id === '' || id.length > 255)
    throw new InvalidEventError(name, 'its id must have 1 to 255 characters');
  const parsed = parse(contract, data, '');
  const body = toJson(name, parsed);
  const bytes = Buffer.byteLength(body);
  if (bytes > MAX_BYTES) {
    throw new InvalidEventError(name, `has ${bytes} bytes; ${MAX_BYTES} at most`);
  }
  // The subscriber's check: a date, or the result of a transform, may not match the schema any more.
  parse(contract, JSON.parse(body), 'once it is JSON: ');
  const own = { [OCCURRED_AT]: new Date().toISOString(), ...orderHeader(contract, parsed) };
  return { id, name, body, headers: { ...headers, ...own } };
}

function orderHeader({ name, orderBy }: EventContract, data: unknown): Record<string, string> {
  if (orderBy === undefined) return {};
  const key = (data as Record<string, unknown>)[orderBy];
  if (typeof key === 'string' || typeof key === 'number') return { [ORDER]: orderHash(key) };
  // Only code that passes by the types gets here.
  throw new InvalidEventError(name, `it is ordered by ${orderBy}, which is no string or number`);
}

/** @throws {InvalidEventError} */
export function decodeEvent<E extends EventContract>(
  contract: E,
  { id, body, headers, source = 'unknown' }: ReceivedEvent,
): EventMessage<E> {
  const { name } = contract;
  if (id === undefined || id === '') throw new InvalidEventError(name, 'has no id');
  const data = parse(contract, fromJson(name, body), '') as EventMessage<E>['data'];
  const occurredAt = new Date(headers[OCCURRED_AT] ?? NaN);
  return {
    id,
    name,
    data,
    occurredAt: Number.isNaN(occurredAt.getTime()) ? new Date() : occurredAt,
    source,
    attempt: attemptOf(headers),
  };
}

export function attemptOf(headers: Readonly<Record<string, string>>): number {
  const attempt = Number(headers[ATTEMPT] ?? 1);
  return Number.isInteger(attempt) && attempt > 0 ? attempt : 1;
}

/** The problems say where, without the values, which may be personal data. */
function parse(contract: EventContract, data: unknown, when: string): unknown {
  const result = contract.schema.safeParse(data);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.map(String).join('.')}: ${message}`,
  );
  throw new InvalidEventError(contract.name, `${when}${problems.join('; ')}`);
}

function toJson(event: string, data: unknown): string {
  try {
    // undefined if the value cannot be written as JSON.
    const text = JSON.stringify(data) as string | undefined;
    if (text !== undefined) return text;
  } catch (cause) {
    throw new InvalidEventError(event, 'cannot be JSON', { cause });
  }
  throw new InvalidEventError(event, 'cannot be JSON');
}

function fromJson(event: string, body: Buffer): unknown {
  try {
    return JSON.parse(body.toString()) as unknown;
  } catch {
    // The parser's message would quote the body.
    throw new InvalidEventError(event, 'is not JSON');
  }
}
