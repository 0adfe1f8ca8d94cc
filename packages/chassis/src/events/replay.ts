import type { Log } from '../telemetry/log.js';
import type { EventContract } from './events.js';

export interface ReplayOptions {
  service: string;
  /** The events that the service subscribes to: contracts, or other objects with their names. */
  subscribes: readonly Pick<EventContract, 'name' | 'orderBy'>[];
  /** How long to wait for a connection, and for each confirm. Default 10 000. */
  timeoutMs?: number;
  log?: Log;
}

/** How many events of each name were moved. */
export type ReplayReport = Readonly<Record<string, number>>;
