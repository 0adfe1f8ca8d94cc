import { createHash } from 'node:crypto';
import type { Message, MessageAttributeValue } from '@aws-sdk/client-sqs';
import { REQUEST_ID_HEADER } from '../context/headers.js';
import { ORDER } from '../events/event-order.js';
import type { ReceivedEvent } from '../events/event-wire.js';
import { MAX_MESSAGE_BYTES } from './topology.js';

const EVENT_ID = 'x-event-id';
const EVENT_SOURCE = 'x-event-source';
/** Headers that other programs look for. The others share one attribute, because SQS allows 10. */
const WITH_ATTRIBUTE: readonly string[] = ['traceparent', REQUEST_ID_HEADER];
/** JSON. */
const HEADERS = 'x-headers';

/** For what a dead letter says about itself. */
const DEAD_LETTER_BYTES = 4096;
export const MAX_EVENT_BYTES = MAX_MESSAGE_BYTES - DEAD_LETTER_BYTES;

export interface OutgoingEvent {
  readonly id: string | undefined;
  readonly source: string | undefined;
  /** JSON. */
  readonly body: string | Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

export type Attributes = Record<string, { DataType: string; StringValue: string }>;

export function messageBody({ body }: OutgoingEvent): string {
  return withAllowedCharacters(body.toString());
}

export function messageAttributes({ id, source, headers }: OutgoingEvent): Attributes {
  const single = Object.fromEntries(WITH_ATTRIBUTE.map((name) => [name, headers[name]]));
  const rest = Object.entries(headers).filter(([name]) => !WITH_ATTRIBUTE.includes(name));
  const values = {
    [EVENT_ID]: id,
    [EVENT_SOURCE]: source,
    ...single,
    [HEADERS]: withAllowedCharacters(JSON.stringify(Object.fromEntries(rest))),
  };
  // An attribute must have a value.
  const given = Object.entries(values).filter((entry): entry is [string, string] => !!entry[1]);
  return Object.fromEntries(
    given.map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
  );
}

/** As SQS counts: names, types and values of attributes, too. */
export function messageBytes(body: string, attributes: Attributes): number {
  const texts = Object.entries(attributes).flatMap(([name, { DataType, StringValue }]) => [
    ...[name, DataType, StringValue],
  ]);
  return [body, ...texts].reduce((sum, text) => sum + Buffer.byteLength(text), 0);
}

/** Of any publisher. Those that are not ours may only have a body. */
export function readMessage({ Body = '', MessageAttributes = {} }: Message): ReceivedEvent {
  const { [HEADERS]: packed, ...attributes } = textsOf(MessageAttributes);
  const { [EVENT_ID]: id, [EVENT_SOURCE]: source, ...headers } = attributes;
  return {
    id,
    source,
    body: Buffer.from(Body),
    headers: { ...headers, ...unpack(packed) },
  };
}

/** What belongs to one key: only one of it is handled at a time. Without a key, it is alone. */
export function messageGroup({ headers }: OutgoingEvent, otherwise: string): string {
  return headers[ORDER] ?? otherwise;
}

/** Any text, as an id that SQS accepts. */
export function hashed(...parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex');
}

function textsOf(attributes: Record<string, MessageAttributeValue>): Record<string, string> {
  const texts = Object.entries(attributes).map(([name, { StringValue }]) => [name, StringValue]);
  return Object.fromEntries(texts.filter(([, text]) => text !== undefined)) as Record<
    string,
    string
  >;
}

function unpack(packed = '{}'): Record<string, string> {
  try {
    const headers = Object.entries(JSON.parse(packed) as Record<string, unknown>);
    return Object.fromEntries(
      headers.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    );
  } catch {
    // Somebody else uses the name, too.
    return {};
  }
}

/** Two characters are allowed in JSON, and not in a message. In JSON, they can only be in texts. */
function withAllowedCharacters(json: string): string {
  return json.replaceAll('\uFFFE', '\\ufffe').replaceAll('\uFFFF', '\\uffff');
}
