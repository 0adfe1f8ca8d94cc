import type { Log } from '../telemetry/log.js';
import type { Meter } from '../telemetry/meter.js';

/** What a companion server gets from its service. */
export interface CompanionHost {
  /** The address to listen on. */
  readonly address: string;
  readonly log: Log;
  readonly meter: Meter;
  /** Whether `/ready` would answer 200 now. */
  isReady(): Promise<boolean>;
}

/** A server on a port of its own that starts and stops with the service, such as that of gRPC. */
export interface CompanionServer {
  /** Rejects if the port cannot be used. */
  listen(host: CompanionHost): Promise<void>;
  /** Accepts nothing new, and ends when the open calls are answered. */
  close(): Promise<void>;
  /** The open calls, one line each. */
  underWay(): string[];
}
