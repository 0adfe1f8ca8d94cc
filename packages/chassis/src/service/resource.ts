import type { Log } from '../telemetry/log.js';
import type { Meter } from '../telemetry/meter.js';

/** In the order of closing: a resource that brings work to the service is closed before those that the work needs. */
export const RESOURCE_KINDS = ['relay', 'broker', 'cache', 'database'] as const;

/** A `relay` moves data from a database to a broker, so it is closed before both. */
export type ResourceKind = (typeof RESOURCE_KINDS)[number];

/** What a resource gets from the service that starts it. */
export interface ResourceHost {
  readonly log: Log;
  /** Has no effect if metrics are off. */
  readonly meter: Meter;
  /** The time limit of a stop. Running work has to end within it. */
  readonly stopTimeoutMs?: number;
}

/** Something that a service depends on at run time, and closes in order at a stop. */
export interface Resource {
  /** Its name in `/ready` and in the log: `database`, `cache`. Unique in a service. */
  readonly name: string;
  readonly kind: ResourceKind;
  /** Rejects with the reason if it cannot be used now. The signal fires when the time for the check is over. */
  check(signal: AbortSignal): Promise<void>;
  /** Starts work of its own, such as consuming messages. Called once, when the service is ready. */
  start?(host: ResourceHost): void | Promise<void>;
  /** Accepts no more work and finishes what is running, which may still use all resources. */
  stop?(): Promise<void>;
  /** Waits for what is running, then closes. */
  close(): Promise<void>;
}

/** Resources grouped by kind, in the order of closing. Kinds without a resource are left out. */
export function groupByClosing(resources: readonly Resource[]): (readonly Resource[])[] {
  return RESOURCE_KINDS.map((kind) =>
    resources.filter((resource) => resource.kind === kind),
  ).filter((group) => group.length > 0);
}
