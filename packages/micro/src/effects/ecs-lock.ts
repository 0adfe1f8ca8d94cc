import { randomUUID } from 'node:crypto';
import { LockWatch, type HeldLock, type Lock } from '../deployment/lock';
import { lockParameter, lockValue, parseLockValue, takeoverParameter } from '../ecs/lock';
import type { EcsScope } from '../ecs/names';
import { UserError } from '../platform/user-error';
import { AwsError, runAws, type Aws } from './aws';
import { timestamp } from './clock';
import { startBeating, type Renewal } from './lock-beat';
import { formatTaken, startWaiting, type LockTerms } from './lock-wait';

export interface ParameterLockRequest extends LockTerms {
  aws: Aws;
  /** The same, not interruptible: to release the lock. */
  undo: Aws;
  scope: EcsScope;
}

/** The lock as it was last written; each write of a parameter counts its version up by one. */
interface Held extends HeldLock {
  version: number;
}

/**
 * Does `work` while nobody else deploys the environment. The lock is a parameter of Parameter Store: AWS refuses to make
 * one that is there.
 *
 * @throws {UserError} naming the holder if it does not end in time.
 */
export async function holdParameter<T>(
  request: ParameterLockRequest,
  work: () => Promise<T>,
): Promise<T> {
  const held = await takeParameter(request);
  const beating = startBeating(request, nameOf(request), () => renew(request, held));
  try {
    return await work();
  } finally {
    await beating.stop();
    await giveBack(request, held);
  }
}

async function takeParameter(request: ParameterLockRequest): Promise<Held> {
  const { aws, scope, clock, say, holder, force } = request;
  let lock: Lock = { ...holder, id: randomUUID(), since: timestamp(clock) };
  const watch = new LockWatch();
  const wait = startWaiting(request, nameOf(request));
  for (;;) {
    const value = lockValue({ lock, beat: 0 });
    const version = await make(aws, lockParameter(scope), value);
    if (version !== undefined) return { lock, beat: 0, version };
    const other = await look(aws, scope);
    if (!other) continue;
    // The answer to our own write may have got lost.
    if (other.lock.id === lock.id) return { lock, beat: 0, version: other.version };
    const state = watch.look(other, clock.now() / 1000);
    if (state === 'dead' || force) {
      const taken = await takeAway(request, other, value);
      if (taken === undefined) {
        // What was written may be ours and is nobody's.
        lock = { ...lock, id: randomUUID() };
        continue;
      }
      say(formatTaken(nameOf(request), other.lock, state === 'dead'));
      return { lock, beat: 0, version: taken };
    }
    await wait(other.lock, state === 'alive');
  }
}

/**
 * Of all who want to take a lock away, one can make the second parameter; and whoever writes the lock second sees that by
 * its version.
 */
async function takeAway(
  { aws, undo, scope }: ParameterLockRequest,
  other: Held,
  value: string,
): Promise<number | undefined> {
  const ticket = takeoverParameter(scope, other.lock);
  if ((await make(aws, ticket, value)) === undefined) {
    // Whoever made it may have been killed: the next look decides again.
    await remove(undo, ticket);
    return undefined;
  }
  try {
    const now = await look(aws, scope);
    if (now?.lock.id !== other.lock.id) return undefined;
    const version = await write(aws, scope, value);
    return version === now.version + 1 ? version : undefined;
  } finally {
    await remove(undo, ticket);
  }
}

async function renew(
  { undo, scope }: Pick<ParameterLockRequest, 'undo' | 'scope'>,
  held: Held,
): Promise<Renewal> {
  held.beat += 1;
  const version = await write(undo, scope, lockValue(held));
  // Somebody wrote between our writes, or removed it.
  if (version !== held.version + 1) return 'lost';
  held.version = version;
  return 'renewed';
}

/** Frees the lock unless somebody took it away; what cannot be freed expires. */
async function giveBack(
  { undo, scope }: Pick<ParameterLockRequest, 'undo' | 'scope'>,
  { lock }: Held,
): Promise<void> {
  try {
    const now = await look(undo, scope);
    if (now?.lock.id === lock.id) await remove(undo, lockParameter(scope));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
  }
}

/** @returns its version; `undefined` if it is there already. */
async function make(aws: Aws, name: string, value: string): Promise<number | undefined> {
  try {
    return await put(aws, name, value, '--no-overwrite');
  } catch (error) {
    if (error instanceof AwsError && error.complaint.kind === 'exists') return undefined;
    throw error;
  }
}

function write(aws: Aws, scope: EcsScope, value: string): Promise<number> {
  return put(aws, lockParameter(scope), value, '--overwrite');
}

async function put(aws: Aws, name: string, value: string, how: string): Promise<number> {
  const args = ['ssm', 'put-parameter', '--name', name, '--type', 'String', '--value', value, how];
  const answer = await runAws<{ Version?: number }>(aws, args, 'Could not take the lock');
  return answer.Version ?? 0;
}

async function look(aws: Aws, scope: EcsScope): Promise<Held | undefined> {
  const args = ['ssm', 'get-parameter', '--name', lockParameter(scope)];
  try {
    const { Parameter: found } = await runAws<{ Parameter?: { Value?: string; Version?: number } }>(
      aws,
      args,
      'Could not look at the lock',
    );
    return found && { ...parseLockValue(found.Value ?? ''), version: found.Version ?? 0 };
  } catch (error) {
    if (error instanceof AwsError && error.complaint.kind === 'not-found') return undefined;
    throw error;
  }
}

async function remove(aws: Aws, name: string): Promise<void> {
  try {
    await runAws(aws, ['ssm', 'delete-parameter', '--name', name], 'Could not free the lock');
  } catch (error) {
    if (!(error instanceof AwsError) || error.complaint.kind !== 'not-found') throw error;
  }
}

function nameOf({ scope }: Pick<ParameterLockRequest, 'scope'>): string {
  return scope.prefix;
}
