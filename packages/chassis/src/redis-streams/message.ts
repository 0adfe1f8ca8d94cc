import type { ReceivedEvent } from '../events/event-wire.js';

const ID = 'id';
const SOURCE = 'source';
const BODY = 'body';

export interface OutgoingEvent {
  readonly id: string;
  readonly source: string;
  /** JSON. */
  readonly body: string | Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/** An entry of a stream: its id, then names and values of its fields in turn. */
export type Entry = [id: string, fields: string[]];

export function entryFields({ id, source, body, headers }: OutgoingEvent): (string | Buffer)[] {
  return [ID, id, SOURCE, source, ...Object.entries(headers).flat(), BODY, body];
}

/** Of any publisher. Those that are not ours may only have a body. */
export function readEntry([, fields]: Entry): ReceivedEvent {
  const values: Record<string, string> = {};
  for (let at = 0; at + 1 < fields.length; at += 2) values[fields[at]!] = fields[at + 1]!;
  const { [ID]: id, [SOURCE]: source, [BODY]: body = '', ...headers } = values;
  return {
    id: id || undefined,
    source: source || undefined,
    body: Buffer.from(body),
    headers,
  };
}
