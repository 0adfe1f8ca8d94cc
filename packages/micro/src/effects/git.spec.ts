import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { temporaryWorkspace, writeFiles } from '../testing/temporary-workspace';
import { countCommitsSince, readGitFacts, withoutCredentials } from './git';
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
])('takes %s for an answer', async (_, runner) => {
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

it('counts the commits that came after a revision, where git knows it', async () => {
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
