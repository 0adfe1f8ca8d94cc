import { describe, expect, it } from 'vitest';
import { runningContainer } from '../testing/running-container';
import { checkCommit, formatCommit, parseCommit, runningCommit, type Commit } from './commit';

const older: Commit = { id: 'a'.repeat(40), at: 1000, dirty: false };
const newer: Commit = { id: 'b'.repeat(40), at: 2000, dirty: false };

describe('a commit as a label', () => {
  it.each([older, { ...newer, dirty: true }])('is the same after writing and reading', (commit) => {
    expect(parseCommit(formatCommit(commit))).toEqual(commit);
  });

  it.each([undefined, '', 'main', `${older.id}`, `${older.id} 12 x`])('%j names none', (text) => {
    expect(parseCommit(text)).toBeUndefined();
  });
});

describe('checkCommit', () => {
  const counted = (ahead: number, behind: number) => ({ kind: 'counted', ahead, behind }) as const;
  const unknown = (shallow: boolean) => ({ kind: 'unknown', shallow }) as const;

  it.each([
    ['the same commit', newer, newer, counted(0, 0), { relation: 'same', takesBack: false }],
    ['an older one', older, newer, counted(0, 3), { relation: 'older', takesBack: false }],
    [
      'one commit more',
      newer,
      older,
      counted(1, 0),
      {
        relation: 'newer',
        takesBack: true,
        newer: 1,
        reason:
          'the running version is 1 commit newer than this workspace (bbbbbbbb; this workspace is aaaaaaaa)',
      },
    ],
    [
      'one commit more, and files of nobody else',
      { ...newer, dirty: true },
      older,
      counted(2, 0),
      {
        relation: 'newer',
        takesBack: true,
        newer: 2,
        reason:
          'the running version is 2 commits newer than this workspace (bbbbbbbb with uncommitted changes; this workspace is aaaaaaaa)',
      },
    ],
    [
      'another branch',
      older,
      newer,
      counted(2, 1),
      {
        relation: 'diverged',
        takesBack: true,
        newer: 2,
        reason:
          'the running version has 2 commits that this workspace lacks (aaaaaaaa; this workspace is bbbbbbbb, with 1 of its own)',
      },
    ],
    [
      'a commit that was not fetched',
      newer,
      older,
      { kind: 'absent' } as const,
      {
        relation: 'absent',
        takesBack: true,
        reason:
          'the running version was deployed from bbbbbbbb, which is not in the history of this workspace (aaaaaaaa); "git fetch" may get it',
      },
    ],
    [
      'a shallow clone that is later: it cannot be told, and nothing says that it is older',
      older,
      newer,
      unknown(true),
      {
        relation: 'unknown',
        takesBack: false,
        reason:
          'it is unknown whether the running version (aaaaaaaa) is newer than this workspace (bbbbbbbb): this clone is shallow (git fetch --unshallow; in GitHub Actions fetch-depth: 0)',
      },
    ],
    [
      'a shallow clone that is earlier: it cannot build on what runs',
      newer,
      older,
      unknown(true),
      {
        relation: 'unknown',
        takesBack: true,
        reason:
          'this workspace (aaaaaaaa) was committed before the running version (bbbbbbbb), and git cannot tell how they are related: this clone is shallow (git fetch --unshallow; in GitHub Actions fetch-depth: 0)',
      },
    ],
    [
      'no git',
      newer,
      undefined,
      unknown(false),
      {
        relation: 'unknown',
        takesBack: false,
        reason:
          'git cannot say which commit this workspace is, so it is unknown whether the running version (bbbbbbbb) is newer',
      },
    ],
  ])('%s', (_, runs, workspace, ancestry, expected) => {
    expect(checkCommit(runs, workspace, ancestry)).toEqual({ runs, workspace, ...expected });
  });
});

describe('runningCommit', () => {
  const container = (commit: Commit | undefined, release = '1') =>
    runningContainer({
      service: 'orders',
      labels: {
        'org.micro.release.number': release,
        ...(commit ? { 'org.micro.commit': formatCommit(commit) } : {}),
      },
    });
  const confirmed = new Map([['orders', { release: 1, commit: newer }]]);

  it.each([
    ['of its containers', [container(older)], new Map(), older],
    [
      'the later one of a roll that was interrupted',
      [container(older), container(newer)],
      new Map(),
      newer,
    ],
    ['that of a later deploy which kept them', [container(older)], confirmed, newer],
    ['not of what an earlier release was kept by', [container(older, '2')], confirmed, older],
    ['nobody says', [container(undefined, '2')], confirmed, undefined],
    ['nothing is there', [], confirmed, undefined],
  ])('is %s', (_, containers, kept, expected) => {
    expect(runningCommit('orders', containers, kept)).toEqual(expected);
  });
});
