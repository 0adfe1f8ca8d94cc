import type { EventLog } from '../telemetry/default-log.js';
import type { BreakerOptions } from './circuit-breaker.js';

/** Options of every client of another service, over HTTP or gRPC. */
export interface CallerOptions {
  /** Retries after the first attempt. Default 2; 0 for none. Streams of gRPC have none. */
  retries?: number;
  breaker?: BreakerOptions;
  /** Sent as `x-service-key`. */
  serviceKey?: string;
  /** Passes on the `Authorization` of the current request. Default false. */
  forwardAuth?: boolean;
  /** Logs when the circuit breaker opens and closes. */
  log?: EventLog;
}
