import type { FastifyBaseLogger } from 'fastify';
import { pino } from 'pino';
import type { Log } from './log.js';

/** The log of resources and clients outside of requests. */
export type EventLog = Pick<FastifyBaseLogger, 'info' | 'warn'>;

let shared: (EventLog & Log) | undefined;

/** Used if no log was given: JSON lines, so that nothing is lost, but without the service's name. */
export function defaultLog(): EventLog & Log {
  return (shared ??= pino());
}
