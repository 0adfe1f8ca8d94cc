import type { Ancestry, Commit } from '../deployment/commit';
import { readAncestry, readGitFacts } from './git';
import type { Runner } from './process';

/** What git says of the workspace. */
export interface WorkspaceCommit {
  /** Absent without git. */
  commit: Commit | undefined;
  /** How another commit is related to it. */
  ancestryOf: (commit: string) => Promise<Ancestry>;
}

/** The commit of the workspace, and how others are related to it; git is asked once for each. */
export async function readCommit(runner: Runner): Promise<WorkspaceCommit> {
  const { commit: id, committed: at, dirty } = await readGitFacts(runner);
  const asked = new Map<string, ReturnType<typeof readAncestry>>();
  return {
    commit: id === undefined || at === undefined ? undefined : { id, at, dirty },
    ancestryOf: (other) => {
      const answer = asked.get(other) ?? readAncestry(runner, other);
      asked.set(other, answer);
      return answer;
    },
  };
}
