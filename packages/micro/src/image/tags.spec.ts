import { describe, expect, it } from 'vitest';
import { UserError } from '../platform/user-error';
import { fillTag } from './tags';

const values = {
  key: 'ab'.repeat(32),
  commit: '0123456789abcdef0123456789abcdef01234567',
  branch: 'feature/log in',
  version: '1.2.3-rc.1+build',
};

describe('fillTag', () => {
  it.each([
    ['{key}', `k-${'ab'.repeat(16)}`, true],
    ['{commit}', values.commit, true],
    ['{shortCommit}', '0123456', true],
    ['{branch}', 'feature-log-in', false],
    ['{branch}-{shortCommit}', 'feature-log-in-0123456', true],
    ['v{version}', 'v1.2.3-rc.1-build', true],
    ['{major}', '1', false],
    ['{minor}', '1.2', false],
    ['latest', 'latest', false],
  ])('%s -> %s', (template, tag, immutable) => {
    expect(fillTag(template, values)).toEqual({ tag, immutable });
  });

  it('shortens a long branch, but not the text around it', () => {
    const { tag } = fillTag('{branch}-{commit}', { ...values, branch: 'x/'.repeat(100) });
    expect(tag).toHaveLength(128);
    expect(tag).toMatch(new RegExp(`^(?:x-)+x?-${values.commit}$`));
  });

  it('says what to do about a branch in another alphabet', () => {
    expect(() => fillTag('{branch}', { ...values, branch: '機能/追加' })).toThrow(
      'the branch "機能/追加" has no letter or digit that a tag may contain; use {shortCommit}',
    );
  });

  it.each([
    [
      '{comit}',
      'tag "{comit}": unknown token {comit}; known are {key}, {commit}, {shortCommit}, {branch}, {version}, {major}, {minor}',
    ],
    [
      '{commit}',
      'tag "{commit}": {commit} has no value: this is not a git repository with a commit; use {key}',
    ],
    [
      '{branch}',
      'tag "{branch}": {branch} has no value: git is on no branch (a CI system checks a commit out) and no variable such as GITHUB_REF_NAME, CI_COMMIT_REF_NAME or BRANCH_NAME names one. Set BRANCH_NAME=<branch>, or use {shortCommit}',
    ],
    [
      'v{version}',
      'tag "v{version}": {version} has no value: there is no "version" in the package.json of the service; add one, or use {key}',
    ],
    ['a b', 'tag "a b" gives "a b", which is not a tag'],
    ['', 'tag "" gives "", which is not a tag'],
  ])('refuses %s without values', (template, message) => {
    const fill = () => fillTag(template, { key: values.key });
    expect(fill).toThrow(message);
    expect(fill).toThrow(UserError);
  });
});
