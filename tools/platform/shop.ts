import type { Span } from './collector.js';
import type { LogLine, ServiceName } from './reference-platform.js';

/** The reference platform while it runs, whatever runs its containers. */
export interface RunningShop {
  /** The address of the gateway. */
  url: string;
  /** The JSON log lines of a service so far, in order. */
  logOf: (service: ServiceName) => Promise<LogLine[]>;
  /** The spans that the collector has got so far. */
  spans: () => Promise<Span[]>;
}
