import { compareVersions, type Version } from './version';

/** A version that git has, and the commit that it names. */
export interface TaggedVersion extends Version {
  tag: string;
  commit: string;
  /** Whether the commit that is checked out contains it. */
  isReached: boolean;
}

/** Which version the commit that is checked out has. */
export type ReleasedVersion =
  | { kind: 'none' }
  /** The commit that is checked out was released as this version. */
  | { kind: 'here'; version: Version }
  /** It is later than the commit of its last version. */
  | { kind: 'earlier'; version: TaggedVersion };

/** The version of what is checked out, by its git tags: the highest that names this commit, else the highest before it. */
export function releasedVersion(
  versions: readonly TaggedVersion[],
  head: string | undefined,
): ReleasedVersion {
  const highest = (of: readonly TaggedVersion[]) => [...of].sort(compareVersions).at(-1);
  const here = highest(versions.filter(({ commit }) => commit === head));
  if (here) return { kind: 'here', version: here };
  const earlier = highest(versions.filter(({ isReached }) => isReached));
  return earlier ? { kind: 'earlier', version: earlier } : { kind: 'none' };
}
