import { type Container, isServing } from './container';
import { DEPLOY_LABELS } from './labels';

/** The commit of a workspace that something was deployed from. */
export interface Commit {
  /** The full hash. */
  id: string;
  /** When it was committed, in seconds since 1970. */
  at: number;
  /** Whether files differed from it. */
  dirty: boolean;
}

/** `9fceb02… 1764240000`, and ` dirty` if files differed. It is a label, and no part of the image key. */
export function formatCommit({ id, at, dirty }: Commit): string {
  return [id, at, ...(dirty ? ['dirty'] : [])].join(' ');
}

/** `9fceb02…`, and `-dirty` if files differed: as the label of an image names it. */
export function formatRevision({ id, dirty }: Pick<Commit, 'id' | 'dirty'>): string {
  return dirty ? `${id}-dirty` : id;
}

/** @returns `undefined` if the text names no commit: earlier versions and workspaces without git note none. */
export function parseCommit(text: string | undefined): Commit | undefined {
  const [, id, at, dirty] = /^([0-9a-f]{40,64}) (\d{1,15})( dirty)?$/.exec(text ?? '') ?? [];
  return id === undefined ? undefined : { id, at: Number(at), dirty: dirty !== undefined };
}

/**
 * How git relates a commit to the one that is checked out.
 * `ahead` are commits that it has and the checked-out one lacks; `behind` the other way round.
 */
export type Ancestry =
  | { kind: 'counted'; ahead: number; behind: number }
  /** The whole history is here, and it is not in it. */
  | { kind: 'absent' }
  /** The history is cut off, or git does not say. */
  | { kind: 'unknown'; shallow: boolean };

/** The running commit of a service compared with the commit of the workspace. */
export interface CommitCheck {
  /** The running commit. */
  runs: Commit;
  /** Absent without git. */
  workspace?: Commit | undefined;
  /** How the running commit relates to that of the workspace. */
  relation: 'same' | 'older' | 'newer' | 'diverged' | 'absent' | 'unknown';
  /** How many running commits the workspace lacks, if git can tell. */
  newer?: number;
  /** Whether a deploy would undo running commits, as far as git can tell. */
  takesBack: boolean;
  /** Why, in words; absent if the workspace has all running commits. */
  reason?: string;
}

/** If git has no answer, the times of both commits show whether the workspace's commit can be the newer one. */
export function checkCommit(
  runs: Commit,
  workspace: Commit | undefined,
  ancestry: Ancestry,
): CommitCheck {
  const both = { runs, workspace };
  const name = `${short(runs)}${runs.dirty ? ' with uncommitted changes' : ''}`;
  if (!workspace) {
    const reason = `git cannot say which commit this workspace is, so it is unknown whether the running version (${name}) is newer`;
    return { ...both, relation: 'unknown', takesBack: false, reason };
  }
  if (ancestry.kind === 'counted') {
    const { ahead, behind } = ancestry;
    if (ahead === 0)
      return { ...both, relation: behind === 0 ? 'same' : 'older', takesBack: false };
    const count = `${ahead} ${ahead === 1 ? 'commit' : 'commits'}`;
    const reason =
      behind === 0
        ? `the running version is ${count} newer than this workspace (${name}; this workspace is ${short(workspace)})`
        : `the running version has ${count} that this workspace lacks (${name}; this workspace is ${short(workspace)}, with ${behind} of its own)`;
    const relation = behind === 0 ? 'newer' : 'diverged';
    return { ...both, relation, newer: ahead, takesBack: true, reason };
  }
  if (ancestry.kind === 'absent') {
    const reason = `the running version was deployed from ${name}, which is not in the history of this workspace (${short(workspace)}); "git fetch" may get it`;
    return { ...both, relation: 'absent', takesBack: true, reason };
  }
  const why = ancestry.shallow
    ? 'this clone is shallow (git fetch --unshallow; in GitHub Actions fetch-depth: 0)'
    : 'git does not say';
  // A commit is never older than its parents, so an older one cannot contain the running commit.
  const isEarlier = workspace.at < runs.at;
  const reason = isEarlier
    ? `this workspace (${short(workspace)}) was committed before the running version (${name}), and git cannot tell how they are related: ${why}`
    : `it is unknown whether the running version (${name}) is newer than this workspace (${short(workspace)}): ${why}`;
  return { ...both, relation: 'unknown', takesBack: isEarlier, reason };
}

function short({ id }: Commit): string {
  return id.slice(0, 8);
}

/** By service: the later commit of a deploy that kept the containers of an earlier one. */
export type Confirmed = ReadonlyMap<string, { release: number; commit: Commit }>;

/** The running commit of a service: that of its containers, or of a later deploy that kept them. */
export function runningCommit(
  service: string,
  containers: readonly Container[],
  confirmed: Confirmed,
): Commit | undefined {
  const serving = containers.filter(isServing);
  const found = (serving.length > 0 ? serving : containers).map(({ labels }) => labels);
  const later = confirmed.get(service);
  if (later && found.some((labels) => labels[DEPLOY_LABELS.release] === String(later.release))) {
    return later.commit;
  }
  const commits = found.flatMap((labels) => parseCommit(labels[DEPLOY_LABELS.commit]) ?? []);
  return commits.sort((a, b) => b.at - a.at)[0];
}
