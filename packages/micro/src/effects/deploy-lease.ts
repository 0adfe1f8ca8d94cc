import { randomUUID } from 'node:crypto';
import {
  BEAT,
  formatHolder,
  LockWatch,
  UNRENEWED,
  type HeldLock,
  type Holder,
  type Lock,
} from '../deployment/lock';
import { freeLease, leaseName, leaseObject, parseLease } from '../kubernetes/lease';
import type { LiveObject } from '../kubernetes/live-object';
import type { Scope } from '../kubernetes/object';
import { UserError } from '../platform/user-error';
import { timestamp, type Clock } from './clock';
import { ClusterError, runKubectl, type Cluster } from './cluster';

const POLL_MILLISECONDS = 1000;

export interface LeaseRequest {
  cluster: Cluster;
  /** The same, not interruptible: to release the lease. */
  undo: Cluster;
  scope: Scope;
  holder: Holder;
  /** Seconds to wait for a holder that is alive. */
  timeout: number;
  /** Take the lease away from whoever has it. */
  force: boolean;
  clock: Clock;
  say: (line: string) => void;
  /** Called if the lease was lost, or may have been. */
  onLost: (why: string) => void;
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
  const beating = startBeating(request, held);
  try {
    return await work();
  } finally {
    await beating.stop();
    await giveBack(request, held);
  }
}

async function takeLease(request: LeaseRequest): Promise<Held> {
  const { cluster, scope, clock, say, timeout, holder, force } = request;
  const lock = { ...holder, id: randomUUID(), since: timestamp(clock) };
  const watch = new LockWatch();
  const started = clock.now();
  let told = '';
  for (;;) {
    const live = await look(cluster, scope);
    const other = live && parseLease(live);
    const version = live?.metadata.resourceVersion;
    // The answer to our own write may have got lost.
    if (other?.lock.id === lock.id) return { lock, version: version ?? '' };
    const state = other ? watch.look(other, clock.now() / 1000) : 'free';
    if (state === 'free' || state === 'dead' || force) {
      const written = await write(cluster, leaseObject(scope, lock, timestamp(clock), version));
      if (written !== undefined) {
        if (other) say(takenFrom(scope, other, state === 'dead'));
        return { lock, version: written };
      }
      continue;
    }
    const mate = other!.lock.run === holder.run;
    if (!mate && state === 'alive' && clock.now() - started >= timeout * 1000) {
      throw new UserError(
        `the lock of ${leaseName(scope)} is held by ${formatHolder(other!.lock)}: wait, or take the lock with --break-lock`,
      );
    }
    if (told !== other!.lock.id && !mate) {
      say(`waiting for the lock of ${formatHolder(other!.lock)}, ${timeout} s at most`);
      told = other!.lock.id;
    }
    await clock.sleep(POLL_MILLISECONDS);
  }
}

function takenFrom(scope: Scope, { lock }: HeldLock, isDead: boolean): string {
  const why = isDead ? ', who stopped renewing it' : '';
  return `the lock of ${leaseName(scope)} was taken from ${formatHolder(lock)}${why}`;
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

function startBeating(
  { undo, scope, clock, onLost }: LeaseRequest,
  held: Held,
): { stop: () => Promise<void> } {
  let renewed = clock.now();
  let renewing: Promise<void> | undefined;
  let lost = false;
  const lose = (why: string) => {
    if (lost) return;
    lost = true;
    onLost(`the lock of ${leaseName(scope)} ${why}`);
  };
  const renew = async () => {
    const lease = leaseObject(scope, held.lock, timestamp(clock), held.version);
    const version = await write(undo, lease);
    if (version !== undefined) {
      held.version = version;
      renewed = clock.now();
      return;
    }
    const live = await look(undo, scope);
    if (!live || parseLease(live)?.lock.id !== held.lock.id) {
      return lose('was taken away by somebody else');
    }
    held.version = live.metadata.resourceVersion ?? '';
  };
  const timer = setInterval(() => {
    if (lost) return;
    if (clock.now() - renewed > UNRENEWED * 1000) {
      return lose(`could not be renewed for ${UNRENEWED} s, so another deploy may take it`);
    }
    renewing ??= renew()
      // An API server that does not answer for a moment is no reason to stop.
      .catch(() => undefined)
      .finally(() => (renewing = undefined));
  }, BEAT * 1000);
  timer.unref();
  return {
    stop: async () => {
      clearInterval(timer);
      await renewing;
    },
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
