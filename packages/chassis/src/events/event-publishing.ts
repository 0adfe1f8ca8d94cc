import { DEADLINE_HEADER, RETRY_HEADER } from '../context/headers.js';
import { contextHeaders } from '../context/request-context.js';
import type { Broker } from './broker.js';
import { eventTracer } from './event-tracing.js';
import { encodeEvent, type WireEvent } from './event-wire.js';
import type { EventContract, EventInput, PublishOptions } from './events.js';

/**
 * Encodes an event and gives it to `send`, with the context of the request or message that causes it.
 *
 * @returns the event's id.
 * @throws {InvalidEventError} if `data` does not match the contract.
 * @throws {TypeError} if the broker's service does not publish it.
 */
export async function publishEvent<E extends EventContract>(
  { system, service, publishes }: Pick<Broker, 'system' | 'service' | 'publishes'>,
  destination: string,
  contract: E,
  data: EventInput<E>,
  { id }: PublishOptions,
  send: (event: WireEvent) => Promise<unknown>,
): Promise<string> {
  if (!publishes.includes(contract)) throw undeclared(service, contract);
  const event = encodeEvent(contract, data, { id });
  const headers: Record<string, string> = { ...event.headers, ...messageContext() };
  const traced = { system, id: event.id, name: event.name, destination };
  await eventTracer().publish(traced, headers, () => send({ ...event, headers }));
  return event.id;
}

/** The context of a request or message without its deadline, because no caller waits for an event. */
function messageContext(): Record<string, string> {
  const { [DEADLINE_HEADER]: _, [RETRY_HEADER]: __, ...headers } = contextHeaders();
  return headers;
}

function undeclared(service: string, { name }: EventContract): TypeError {
  return new TypeError(`${service} does not publish ${name}: add it to \`publishes\``);
}
