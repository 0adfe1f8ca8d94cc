import type { JsMsg, StoredMsg } from '@nats-io/jetstream';
import { headers as newHeaders, type MsgHdrs } from '@nats-io/transport-node';
import type { ReceivedEvent } from '../events/event-wire.js';

const EVENT_ID = 'x-event-id';
const EVENT_SOURCE = 'x-event-source';
/** By which the server recognises what it already has. */
const MESSAGE_ID = 'Nats-Msg-Id';

export interface OutgoingMessage {
  readonly subject: string;
  /** The server drops a second message with the same one. */
  readonly messageId: string;
  /** The event's id and name. */
  readonly id: string;
  readonly name: string;
  readonly source: string;
  readonly body: string | Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

export function messageHeaders({ id, source, headers }: OutgoingMessage): MsgHdrs {
  const written = newHeaders();
  for (const [key, value] of Object.entries(headers)) written.set(key, value);
  if (id !== '') written.set(EVENT_ID, id);
  if (source !== '') written.set(EVENT_SOURCE, source);
  written.set('content-type', 'application/json');
  return written;
}

/** Of any publisher. Those that are not ours may only have the server's own header for an id. */
export function readMessage(message: JsMsg | StoredMsg): ReceivedEvent {
  const sent = 'header' in message ? message.header : message.headers;
  const headers = Object.fromEntries((sent?.keys() ?? []).map((key) => [key, sent!.last(key)]));
  const { [EVENT_ID]: id, [EVENT_SOURCE]: source, [MESSAGE_ID]: messageId, ...rest } = headers;
  return {
    id: (id ?? messageId) || undefined,
    source: source || undefined,
    body: Buffer.from(message.data),
    headers: rest,
  };
}
