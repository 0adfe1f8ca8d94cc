/** Variables of a process, as Node gives them. */
type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Variables in which CI systems name the branch that they build, the source branch of a pull request
 * before the name of the merge that they made of it. CI systems check a commit out, not a branch.
 */
const BRANCH_VARIABLES: readonly { name: string; unless?: (variables: Variables) => boolean }[] = [
  // GitHub Actions: GITHUB_REF_NAME is "12/merge" for a pull request, and may name a tag.
  { name: 'GITHUB_HEAD_REF' },
  { name: 'GITHUB_REF_NAME', unless: ({ GITHUB_REF_TYPE }) => GITHUB_REF_TYPE === 'tag' },
  // GitLab CI: CI_COMMIT_REF_NAME may name a tag.
  { name: 'CI_MERGE_REQUEST_SOURCE_BRANCH_NAME' },
  { name: 'CI_COMMIT_SOURCE_BRANCH' },
  { name: 'CI_COMMIT_BRANCH' },
  { name: 'CI_COMMIT_REF_NAME', unless: ({ CI_COMMIT_TAG }) => Boolean(CI_COMMIT_TAG) },
  // Jenkins: BRANCH_NAME is "PR-12" for a pull request, and the tag if TAG_NAME is set.
  { name: 'CHANGE_BRANCH' },
  { name: 'BRANCH_NAME', unless: ({ TAG_NAME }) => Boolean(TAG_NAME) },
  { name: 'GIT_BRANCH' },
  { name: 'BITBUCKET_BRANCH' },
  { name: 'SYSTEM_PULLREQUEST_SOURCEBRANCH' },
  {
    name: 'BUILD_SOURCEBRANCH',
    unless: ({ BUILD_SOURCEBRANCH }) => BUILD_SOURCEBRANCH?.startsWith('refs/tags/') ?? false,
  },
  { name: 'CIRCLE_BRANCH' },
  { name: 'BUILDKITE_BRANCH' },
  { name: 'TRAVIS_PULL_REQUEST_BRANCH' },
  { name: 'TRAVIS_BRANCH', unless: ({ TRAVIS_TAG }) => Boolean(TRAVIS_TAG) },
  { name: 'DRONE_SOURCE_BRANCH' },
  { name: 'DRONE_BRANCH' },
  { name: 'SEMAPHORE_GIT_WORKING_BRANCH' },
  { name: 'SEMAPHORE_GIT_BRANCH' },
  { name: 'APPVEYOR_PULL_REQUEST_HEAD_REPO_BRANCH' },
  { name: 'APPVEYOR_REPO_BRANCH' },
  { name: 'CODEBUILD_WEBHOOK_HEAD_REF' },
];

/** The branch that a CI system says it builds; `undefined` outside of one, and for a tag. */
export function branchOfCi(variables: Variables): string | undefined {
  for (const { name, unless } of BRANCH_VARIABLES) {
    const value = variables[name]?.trim();
    if (!value || unless?.(variables)) continue;
    return withoutRemote(value);
  }
  return undefined;
}

/** `refs/heads/main` and Jenkins' `origin/main` -> `main` */
function withoutRemote(branch: string): string {
  return branch.replace(/^refs\/(?:heads|remotes\/origin)\//, '').replace(/^origin\//, '');
}
