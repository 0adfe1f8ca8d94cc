import { isSameRelease, type Release } from './release';

/** Releases that are open once the roll of `tried` failed. Among `known` it may be as it was before it was reopened. */
export function stillOpen(tried: Release, known: readonly Release[]): Release[] {
  return [tried, ...known.filter(({ id }) => id !== tried.id)].filter(({ open }) => open);
}

/** What is no longer to be remembered once `current` serves: doubles of it, and the oldest. */
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
