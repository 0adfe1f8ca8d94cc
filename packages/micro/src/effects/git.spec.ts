import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryWorkspace, writeFiles } from '../testing/temporary-workspace';
import { countCommitsSince, readAncestry, readGitFacts, withoutCredentials } from './git';
import { processRunner } from './process';

it('reads commit, branch and origin, and whether files differ', async () => {
  const root = temporaryWorkspace({ a: '1' });
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b.c', ...args], {
      cwd: root,
      encoding: 'utf8',
    }).trim();
  git('init', '--quiet', '--initial-branch', 'feature/x');
  expect(await readGitFacts(processRunner(root))).toEqual({ branch: 'feature/x', dirty: false });
  git('remote', 'add', 'origin', 'https://user:token@example.com/acme.git');
  git('add', '.');
  git('commit', '--quiet', '-m', 'one');
  const facts = {
    commit: git('rev-parse', 'HEAD'),
    committed: Number(git('show', '--no-patch', '--format=%ct')),
    branch: 'feature/x',
    dirty: false,
    source: 'https://example.com/acme.git',
  };
  expect(await readGitFacts(processRunner(root))).toEqual(facts);
  writeFiles(root, { a: '2' });
  git('checkout', '--quiet', '--detach');
  const { branch: _, ...detached } = facts;
  expect(await readGitFacts(processRunner(root))).toEqual({ ...detached, dirty: true });
});

it.each([
  ['no repository', () => processRunner(temporaryWorkspace())],
  ['no git', () => ({ run: () => Promise.reject(new Error('ENOENT')) })],
])('accepts this answer: %s', async (_, runner) => {
  expect(await readGitFacts(runner())).toEqual({ dirty: false });
});

it.each([
  ['https://token@example.com/a.git', 'https://example.com/a.git'],
  ['https://example.com/a@b.git', 'https://example.com/a@b.git'],
  ['ssh://git@example.com/a.git', 'ssh://example.com/a.git'],
  ['git@example.com:a.git', 'git@example.com:a.git'],
])('%s -> %s', (url, expected) => {
  expect(withoutCredentials(url)).toBe(expected);
});

it('counts the commits since a revision that git knows', async () => {
  const root = temporaryWorkspace({ a: '1' });
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b.c', ...args], {
      cwd: root,
      encoding: 'utf8',
    }).trim();
  git('init', '--quiet');
  git('add', '.');
  git('commit', '--quiet', '-m', 'one');
  const one = git('rev-parse', 'HEAD');
  git('commit', '--quiet', '--allow-empty', '-m', 'two');
  const two = git('rev-parse', 'HEAD');
  const revisions = new Set([one, two, `${one}-dirty`, 'f'.repeat(40), '--all']);
  expect(await countCommitsSince(processRunner(root), revisions)).toEqual(
    new Map([
      [one, 1],
      [two, 0],
      [`${one}-dirty`, 1],
    ]),
  );
  const noGit = { run: () => Promise.reject(new Error('ENOENT')) };
  expect(await countCommitsSince(noGit, new Set([one]))).toEqual(new Map());
});

describe('readAncestry', () => {
  let root: string;
  const git = (cwd: string, ...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b.c', ...args], {
      cwd,
      encoding: 'utf8',
    }).trim();
  const commit = (message: string) => {
    git(root, 'commit', '--quiet', '--allow-empty', '-m', message);
    return git(root, 'rev-parse', 'HEAD');
  };
  const clone = (name: string, ...args: string[]) => {
    const folder = join(root, name);
    git(root, 'clone', '--quiet', ...args, `file://${root}`, folder);
    return folder;
  };

  it('reports how commits are related, and when git cannot tell', async () => {
    root = temporaryWorkspace();
    git(root, 'init', '--quiet', '--initial-branch', 'main');
    const first = commit('first');
    git(root, 'checkout', '--quiet', '-b', 'hotfix');
    const hotfix = commit('hotfix');
    git(root, 'checkout', '--quiet', 'main');
    const second = commit('second');
    const behind = clone('behind');
    git(behind, 'checkout', '--quiet', '--detach', first);
    const stale = clone('stale', '--single-branch', '--branch', 'hotfix');
    const shallow = clone('shallow', '--depth', '1');
    const cut = clone('cut', '--depth', '1');
    git(cut, 'fetch', '--quiet', '--depth', '1', 'origin', 'hotfix');
    const none = temporaryWorkspace();
    const told = async (folder: string, other: string) =>
      readAncestry(processRunner(folder), other);
    expect({
      same: await told(root, second),
      ancestor: await told(root, first),
      descendant: await told(behind, second),
      'another branch': await told(root, hotfix),
      'not fetched': await told(stale, second),
      'not in a shallow clone': await told(shallow, first),
      'what joins them cut off': await told(cut, hotfix),
      'no repository': await told(none, first),
      'no git': await readAncestry({ run: () => Promise.reject(new Error('ENOENT')) }, first),
    }).toEqual({
      same: { kind: 'counted', ahead: 0, behind: 0 },
      ancestor: { kind: 'counted', ahead: 0, behind: 1 },
      descendant: { kind: 'counted', ahead: 1, behind: 0 },
      'another branch': { kind: 'counted', ahead: 1, behind: 1 },
      'not fetched': { kind: 'absent' },
      'not in a shallow clone': { kind: 'unknown', shallow: true },
      'what joins them cut off': { kind: 'unknown', shallow: true },
      'no repository': { kind: 'unknown', shallow: false },
      'no git': { kind: 'unknown', shallow: false },
    });
  });
});
