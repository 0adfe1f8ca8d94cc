import { DEADLINE_HEADER, RETRY_HEADER } from '../context/headers.js';
import { contextHeaders } from '../context/request-context.js';
import type { EventContract } from './events.js';

/** Of a request or message, without the time that its caller waits: an event is nobody's answer. */
export function messageContext(): Record<string, string> {
  const { [DEADLINE_HEADER]: _, [RETRY_HEADER]: __, ...headers } = contextHeaders();
  return headers;
}

export function undeclared(service: string, { name }: EventContract): TypeError {
  return new TypeError(`${service} does not publish ${name}: add it to \`publishes\``);
}
