import type { Log } from '../telemetry/log.js';
import type { Meter } from '../telemetry/meter.js';

/** In the order of closing: what sends requests to a service goes before what its requests need. */
export const RESOURCE_KINDS = ['relay', 'broker', 'cache', 'database'] as const;

/** A `relay` moves what is in a database to a broker, so it is closed before both. */
export type ResourceKind = (typeof RESOURCE_KINDS)[number];

/** What a resource gets of the service that starts it. */
export interface ResourceHost {
  readonly log: Log;
  /** Records nothing if metrics are off. */
  readonly meter: Meter;
  /** How long a stop may take: what is under way then has to end within it. */
  readonly stopTimeoutMs?: number;
}

/** What a service depends on at run time, and must let go of in order. */
export interface Resource {
  /** Names it in `/ready` and in the log: `database`, `cache`. Unique in a service. */
  readonly name: string;
  readonly kind: ResourceKind;
  /** Rejects with the reason if it cannot be used now. The signal fires when the answer comes too late. */
  check(signal: AbortSignal): Promise<void>;
  /** Begins work of its own, such as consuming messages. Called once, when the service is ready for it. */
  start?(host: ResourceHost): void | Promise<void>;
  /** Takes no more work of its own and ends what is under way, which may still use all resources. */
  stop?(): Promise<void>;
  /** Waits for what is under way. */
  close(): Promise<void>;
}

/** Resources of one kind together, kinds in the order of closing; kinds that are not there are left out. */
export function groupByClosing(resources: readonly Resource[]): (readonly Resource[])[] {
  return RESOURCE_KINDS.map((kind) =>
    resources.filter((resource) => resource.kind === kind),
  ).filter((group) => group.length > 0);
}
