import type { FastifyBaseLogger } from 'fastify';
import { pino } from 'pino';
import type { Log } from './log.js';

/** What a resource or client tells between requests, where no request's log is at hand. */
export type EventLog = Pick<FastifyBaseLogger, 'info' | 'warn'>;

let shared: (EventLog & Log) | undefined;

/** For what was given no log: JSON lines, so that nothing is lost, though without the service's name. */
export function defaultLog(): EventLog & Log {
  return (shared ??= pino());
}
