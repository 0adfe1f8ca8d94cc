import { branchOfCi } from '../image/ci-branch';
import type { TagValues } from '../image/tags';
import { fileReader } from './files';
import { readGitFacts } from './git';
import type { Runner } from './process';

/** What tags of a service's image may contain beside its key: values from git, the CI and its package.json. */
export async function readTagValues(
  { workspaceRoot, runner }: { workspaceRoot: string; runner: Runner },
  projectRoot: string,
): Promise<Omit<TagValues, 'key'>> {
  const { commit, branch } = await readGitFacts(runner);
  const text = fileReader(workspaceRoot)(`${projectRoot}/package.json`) ?? '{}';
  const { version } = JSON.parse(text) as { version?: string };
  return { commit, branch: branch ?? branchOfCi(process.env), version };
}
