import { DEADLINE_HEADER, RETRY_HEADER } from '../context/headers.js';
import { contextHeaders } from '../context/request-context.js';
import type { EventContract } from './events.js';

/** The context of a request or message without its deadline, because no caller waits for an event. */
export function messageContext(): Record<string, string> {
  const { [DEADLINE_HEADER]: _, [RETRY_HEADER]: __, ...headers } = contextHeaders();
  return headers;
}

export function undeclared(service: string, { name }: EventContract): TypeError {
  return new TypeError(`${service} does not publish ${name}: add it to \`publishes\``);
}
