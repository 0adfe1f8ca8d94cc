import { lockfileGaps, type LockfileGap } from '../../artifact/lockfile-gaps';
import type { NpmLockfile } from '../../artifact/package-lock';
import type { ReadFile } from '../../platform/workspace';

/** What npm's lockfile lacks; nothing if another package manager installs, or npm has to say first what is wrong with it. */
export function readLockfileGaps(read: ReadFile): LockfileGap[] | undefined {
  const text = read('package-lock.json');
  const manifest = parse(read('package.json')) as { packageManager?: string } | undefined;
  if (text === undefined || /^(?!npm@)/.test(manifest?.packageManager ?? 'npm@')) return undefined;
  const lockfile = parse(text) as Partial<NpmLockfile> | undefined;
  // Version 1 has no packages.
  return lockfile?.packages && lockfileGaps({ lockfileVersion: 3, packages: lockfile.packages });
}

function parse(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
