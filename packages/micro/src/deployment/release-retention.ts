import { isSameRelease, type Release } from './release';

/**
 * Releases that are still open after the roll of `tried` failed. `known` may have it as it was before it was reopened.
 */
export function stillOpen(tried: Release, known: readonly Release[]): Release[] {
  return [tried, ...known.filter(({ id }) => id !== tried.id)].filter(({ open }) => open);
}

/** The releases to remove once `current` serves: duplicates of it, and the oldest. */
export function surplusReleases(
  current: Release,
  releases: readonly Release[],
  limit: number,
): Release[] {
  const others = releases.filter(({ id }) => id !== current.id);
  const doubles = others.filter(
    (release) => (release.open && !release.again) || isSameRelease(release, current),
  );
  const kept = others.filter((release) => !doubles.includes(release));
  return [...doubles, ...kept.slice(limit - 1)];
}
