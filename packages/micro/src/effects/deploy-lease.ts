import { randomUUID } from 'node:crypto';
import { LockWatch, type Lock } from '../deployment/lock';
import { freeLease, leaseName, leaseObject, parseLease } from '../kubernetes/lease';
import type { LiveObject } from '../kubernetes/live-object';
import type { Scope } from '../kubernetes/object';
import { UserError } from '../platform/user-error';
import { timestamp } from './clock';
import { ClusterError, runKubectl, type Cluster } from './cluster';
import { startBeating, type Renewal } from './lock-beat';
import { formatTaken, startWaiting, type LockTerms } from './lock-wait';

export interface LeaseRequest extends LockTerms {
  cluster: Cluster;
  /** The same, not interruptible: to release the lease. */
  undo: Cluster;
  scope: Scope;
}

/** A Lease that is held, and the version with which it was last written. */
interface Held {
  lock: Lock;
  version: string;
}

/**
 * Does `work` while nobody else deploys the platform. Each write names the version that it was read with, so of two who
 * take the lease, the API server refuses one.
 *
 * @throws {UserError} naming the holder if it does not end in time.
 */
export async function holdLease<T>(request: LeaseRequest, work: () => Promise<T>): Promise<T> {
  const held = await takeLease(request);
  const beating = startBeating(request, leaseName(request.scope), renewing(request, held));
  try {
    return await work();
  } finally {
    await beating.stop();
    await giveBack(request, held);
  }
}

async function takeLease(request: LeaseRequest): Promise<Held> {
  const { cluster, scope, clock, say, holder, force } = request;
  const lock = { ...holder, id: randomUUID(), since: timestamp(clock) };
  const watch = new LockWatch();
  const wait = startWaiting(request, leaseName(scope));
  for (;;) {
    const live = await look(cluster, scope);
    const other = live && parseLease(live);
    const version = live?.metadata.resourceVersion;
    // The answer to our own write may have got lost.
    if (other?.lock.id === lock.id) return { lock, version: version ?? '' };
    const state = other && watch.look(other, clock.now() / 1000);
    if (!other || state === 'dead' || force) {
      const written = await write(cluster, leaseObject(scope, lock, timestamp(clock), version));
      if (written === undefined) continue;
      if (other) say(formatTaken(leaseName(scope), other.lock, state === 'dead'));
      return { lock, version: written };
    }
    await wait(other.lock, state === 'alive');
  }
}

async function look(cluster: Cluster, scope: Scope): Promise<LiveObject | undefined> {
  const args = ['get', 'lease', leaseName(scope), '--ignore-not-found', '--output', 'json'];
  const { stdout } = await runKubectl(cluster, args, 'Could not look at the lock');
  return stdout.trim() === '' ? undefined : (JSON.parse(stdout) as LiveObject);
}

/** @returns its new version; `undefined` if somebody else was quicker. */
async function write(cluster: Cluster, lease: object): Promise<string | undefined> {
  const isNew = !('resourceVersion' in (lease as LiveObject).metadata);
  const args = [isNew ? 'create' : 'replace', '--filename', '-', '--output', 'json'];
  try {
    const stdin = JSON.stringify(lease);
    const { stdout } = await runKubectl(cluster, args, 'Could not take the lock', { stdin });
    return (JSON.parse(stdout) as LiveObject).metadata.resourceVersion ?? '';
  } catch (error) {
    const kind = error instanceof ClusterError ? error.complaint.kind : undefined;
    if (kind === 'exists' || kind === 'conflict' || kind === 'not-found') return undefined;
    throw error;
  }
}

function renewing(
  { undo, scope, clock }: Pick<LeaseRequest, 'undo' | 'scope' | 'clock'>,
  held: Held,
): () => Promise<Renewal> {
  return async () => {
    const lease = leaseObject(scope, held.lock, timestamp(clock), held.version);
    const version = await write(undo, lease);
    if (version !== undefined) {
      held.version = version;
      return 'renewed';
    }
    const live = await look(undo, scope);
    if (!live || parseLease(live)?.lock.id !== held.lock.id) return 'lost';
    held.version = live.metadata.resourceVersion ?? '';
    return 'unclear';
  };
}

/** Frees the lease unless somebody took it away; what cannot be freed expires. */
async function giveBack({ undo, scope }: LeaseRequest, { version }: Held): Promise<void> {
  try {
    await write(undo, freeLease(scope, version));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
  }
}
