/** An object as the API server prints it, as far as all kinds have it in common. */
export interface LiveObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    uid?: string;
    generation?: number;
    resourceVersion?: string;
    creationTimestamp?: string;
    deletionTimestamp?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    ownerReferences?: readonly { kind: string; name: string; uid: string }[];
  };
  spec?: unknown;
  status?: unknown;
  binaryData?: Record<string, string>;
}

export interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
}

/** What tells an object from all others, declared or live. */
export interface Named {
  kind?: string | undefined;
  metadata?: { name?: string | undefined } | undefined;
}

/** `Deployment/orders`: names are unique per kind in a namespace. */
export function identityOf({ kind, metadata }: Named): string {
  return `${kind}/${metadata?.name}`;
}

/** The objects of what `kubectl get … --output json` printed. */
export function parseObjects(json: string): LiveObject[] {
  const parsed = JSON.parse(json) as LiveObject & { items?: LiveObject[] };
  return parsed.items ?? [parsed];
}

/** The entry of the compose files that an object belongs to. */
export function entryOf({ metadata }: LiveObject): string | undefined {
  return metadata.labels?.['app.kubernetes.io/name'];
}

/** Objects by the entry that they belong to. */
export function byEntry<Object extends LiveObject>(
  objects: Iterable<Object>,
): Map<string | undefined, Object[]> {
  const groups = new Map<string | undefined, Object[]>();
  for (const object of objects) {
    const group = groups.get(entryOf(object));
    if (group) group.push(object);
    else groups.set(entryOf(object), [object]);
  }
  return groups;
}
