/** In the order of closing: what sends requests to a service goes before what its requests need. */
export const RESOURCE_KINDS = ['broker', 'cache', 'database'] as const;

export type ResourceKind = (typeof RESOURCE_KINDS)[number];

/** What a service depends on at run time, and must let go of in order. */
export interface Resource {
  /** Names it in `/ready` and in the log: `database`, `cache`. Unique in a service. */
  readonly name: string;
  readonly kind: ResourceKind;
  /** Rejects with the reason where it cannot be used now. The signal fires when the answer comes too late. */
  check(signal: AbortSignal): Promise<void>;
  /** Waits for what is under way. */
  close(): Promise<void>;
}

/** Resources of one kind together, kinds in the order of closing; kinds that are not there are left out. */
export function groupByClosing(resources: readonly Resource[]): (readonly Resource[])[] {
  return RESOURCE_KINDS.map((kind) =>
    resources.filter((resource) => resource.kind === kind),
  ).filter((group) => group.length > 0);
}
