import type { HeldLock, Holder, Lock } from '../deployment/lock';
import { EXPIRY, holderSchema } from '../deployment/lock';
import type { LiveObject } from './live-object';
import { metadataOf, type Scope } from './object';

/** One deploy at a time: the Lease of a platform in its namespace. */
export function leaseName({ platform, environment }: Scope): string {
  return `${platform}-${environment}-deploy`.slice(0, 253);
}

const LOCK_ANNOTATION = 'org.micro/lock';

interface LeaseSpec {
  holderIdentity?: string;
  renewTime?: string;
}

/**
 * The Lease as its holder writes it.
 * @param resourceVersion that it was read with, so that of two who take it one fails; none to create it.
 * @param now ISO 8601.
 */
export function leaseObject(
  scope: Scope,
  lock: Lock,
  now: string,
  resourceVersion?: string,
): object {
  const metadata = metadataOf(scope, leaseName(scope));
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      ...metadata,
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      annotations: { [LOCK_ANNOTATION]: JSON.stringify(lock) },
    },
    spec: {
      holderIdentity: lock.id,
      leaseDurationSeconds: EXPIRY,
      acquireTime: micro(lock.since),
      renewTime: micro(now),
    },
  };
}

/** A Lease that nobody holds. */
export function freeLease(scope: Scope, resourceVersion: string): object {
  const metadata = { ...metadataOf(scope, leaseName(scope)), resourceVersion };
  return { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec: {} };
}

/** The API server has times with microseconds here. */
function micro(time: string): string {
  return time.replace(/\.(\d{3})Z$/, '.$1000Z');
}

/** Who holds a Lease; `undefined` if nobody does. */
export function parseLease({ metadata, spec }: LiveObject): HeldLock | undefined {
  const { holderIdentity, renewTime } = (spec ?? {}) as LeaseSpec;
  if (!holderIdentity) return undefined;
  const holder = parseHolder(metadata.annotations?.[LOCK_ANNOTATION]) ?? UNKNOWN;
  const since = metadata.creationTimestamp ?? '';
  const lock = { since, ...holder, id: holderIdentity };
  // Compared with itself alone: each renewal has another time.
  return { lock, beat: Date.parse(renewTime ?? '') };
}

const UNKNOWN: Holder = { user: 'somebody', pid: 0, run: '', command: 'unknown' };

function parseHolder(text: string | undefined): (Holder & { since?: string }) | undefined {
  try {
    return holderSchema.loose().safeParse(JSON.parse(text ?? '')).data;
  } catch {
    return undefined;
  }
}
