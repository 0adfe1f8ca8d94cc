import { resolve, type NpmLockfile } from './package-lock';

/** Optional packages of one package that a lockfile has no entry for. */
export interface LockfileGap {
  /** `vite 8.4.0`, or `apps/orders/package.json` for a manifest of the workspace. */
  of: string;
  /** The package's name; absent for a manifest of the workspace. */
  package?: string;
  /** Sorted. */
  missing: readonly string[];
}

/**
 * Finds what makes `npm ci` of npm 11.6.2 and later refuse a lockfile with "Missing: … from lock file": an optional package
 * without an entry (npm/cli#9846). npm leaves it out if the registry has no such package, and keeps an entry for packages
 * of every other platform. It refuses the lockfile no matter whether what names the package is itself optional, bundled,
 * for another platform or the workspace's own. npm up to 11.6.1 accepts it.
 */
export function lockfileGaps(lockfile: NpmLockfile): LockfileGap[] {
  const gaps = new Map<string, { package?: string; missing: Set<string> }>();
  for (const [place, { name, version, optionalDependencies = {} }] of Object.entries(
    lockfile.packages,
  )) {
    const missing = Object.keys(optionalDependencies).filter(
      (one) => resolve(lockfile, place, one) === undefined,
    );
    if (missing.length === 0) continue;
    const [, installed] = /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(place) ?? [];
    const called = installed === undefined ? undefined : (name ?? installed);
    const of = called === undefined ? manifestAt(place) : `${called} ${version ?? ''}`.trim();
    const gap = gaps.get(of) ?? { ...(called && { package: called }), missing: new Set<string>() };
    missing.forEach((one) => gap.missing.add(one));
    gaps.set(of, gap);
  }
  return [...gaps].map(([of, gap]) => ({ ...gap, of, missing: [...gap.missing].sort() }));
}

function manifestAt(place: string): string {
  return place === '' ? 'package.json' : `${place}/package.json`;
}
