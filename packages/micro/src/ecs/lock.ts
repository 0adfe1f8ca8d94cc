import type { HeldLock, Lock } from '../deployment/lock';
import { parseLock } from '../deployment/lock';
import type { EcsScope } from './names';

/** The parameter of Parameter Store that is the lock of an environment: only one can make it. */
export function lockParameter({ prefix }: Pick<EcsScope, 'prefix'>): string {
  return `/org.micro/${prefix}/lock`;
}

/** Whoever makes this one may take a lock away from its holder. */
export function takeoverParameter(scope: Pick<EcsScope, 'prefix'>, { id }: Lock): string {
  return `${lockParameter(scope)}-of-${id || 'somebody'}`;
}

export function lockValue({ lock, beat }: HeldLock): string {
  return JSON.stringify({ ...lock, beat });
}

export function parseLockValue(text: string): HeldLock {
  const lock = parseLock(text);
  const [, beat = '0'] = /"beat":(\d+)/.exec(text) ?? [];
  return { lock, beat: Number(beat) };
}
