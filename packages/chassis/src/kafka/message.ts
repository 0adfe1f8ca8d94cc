import { ORDER } from '../events/event-order.js';
import type { ReceivedEvent } from '../events/event-wire.js';

const ID = 'id';
const SOURCE = 'source';
/** Until when an event waits, in milliseconds since 1970. */
export const RETRY_AT = 'x-retry-at';
/** The only service that handles an event of a topic that all read: it is replayed. */
export const ONLY_FOR = 'x-only-for';

export interface OutgoingEvent {
  readonly id: string;
  readonly source: string;
  /** JSON. */
  readonly body: string | Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/** A record as the client reads it. */
export interface ReadRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Iterable<readonly [Buffer | null, Buffer | null]>;
}

export function recordFields({ id, source, body, headers }: OutgoingEvent) {
  const all = { ...headers, [ID]: id, [SOURCE]: source };
  const order = headers[ORDER];
  return {
    ...(order === undefined ? {} : { key: Buffer.from(order) }),
    value: Buffer.from(body),
    headers: new Map(
      Object.entries(all).map(([name, value]) => [Buffer.from(name), Buffer.from(value)]),
    ),
  };
}

/** Of any publisher. Those that are not ours may only have a value. */
export function readRecord({ value, headers }: ReadRecord): ReceivedEvent {
  const all: Record<string, string> = {};
  for (const [name, text] of headers) if (name) all[name.toString()] = text?.toString() ?? '';
  const { [ID]: id, [SOURCE]: source, ...rest } = all;
  return {
    id: id || undefined,
    source: source || undefined,
    body: value ?? Buffer.alloc(0),
    headers: rest,
  };
}
