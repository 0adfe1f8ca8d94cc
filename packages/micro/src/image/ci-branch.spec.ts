import { describe, expect, it } from 'vitest';
import { branchOfCi } from './ci-branch';

describe('branchOfCi', () => {
  it.each<[string, Record<string, string>, string | undefined]>([
    ['no CI', {}, undefined],
    ['GitLab', { CI_COMMIT_REF_NAME: 'feature/login' }, 'feature/login'],
    [
      'a merge request on GitLab',
      { CI_MERGE_REQUEST_SOURCE_BRANCH_NAME: 'fix/a', CI_COMMIT_REF_NAME: 'fix/a' },
      'fix/a',
    ],
    ['a tag on GitLab', { CI_COMMIT_REF_NAME: 'v1.2.0', CI_COMMIT_TAG: 'v1.2.0' }, undefined],
    ['GitHub', { GITHUB_REF_NAME: 'main', GITHUB_REF_TYPE: 'branch' }, 'main'],
    ['GitHub without a type', { GITHUB_REF_NAME: 'main', GITHUB_HEAD_REF: '' }, 'main'],
    [
      'a pull request on GitHub',
      { GITHUB_HEAD_REF: 'feature/login', GITHUB_REF_NAME: '12/merge', GITHUB_REF_TYPE: 'branch' },
      'feature/login',
    ],
    ['a tag on GitHub', { GITHUB_REF_NAME: 'v1', GITHUB_REF_TYPE: 'tag' }, undefined],
    ['Jenkins, one branch', { GIT_BRANCH: 'origin/feature/a' }, 'feature/a'],
    ['Jenkins, several', { BRANCH_NAME: 'main', GIT_BRANCH: 'main' }, 'main'],
    ['a pull request on Jenkins', { BRANCH_NAME: 'PR-12', CHANGE_BRANCH: 'fix/a' }, 'fix/a'],
    ['a tag on Jenkins', { BRANCH_NAME: 'v1', TAG_NAME: 'v1' }, undefined],
    ['Azure', { BUILD_SOURCEBRANCH: 'refs/heads/feature/a' }, 'feature/a'],
    [
      'a pull request on Azure',
      {
        SYSTEM_PULLREQUEST_SOURCEBRANCH: 'refs/heads/fix/a',
        BUILD_SOURCEBRANCH: 'refs/pull/1/merge',
      },
      'fix/a',
    ],
    ['a tag on Azure', { BUILD_SOURCEBRANCH: 'refs/tags/v1' }, undefined],
    ['Bitbucket', { BITBUCKET_BRANCH: 'main' }, 'main'],
  ])('%s', (_, variables, branch) => {
    expect(branchOfCi(variables)).toBe(branch);
  });
});
