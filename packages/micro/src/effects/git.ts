import type { Ancestry } from '../deployment/commit';
import { UserError } from '../platform/user-error';
import type { Runner } from './process';

/** What git says about the workspace; nothing if it is not a repository or has no commit. */
export interface GitFacts {
  commit?: string;
  /** When it was committed, in seconds since 1970. */
  committed?: number;
  branch?: string;
  /** Whether files differ from the commit. */
  dirty: boolean;
  /** The `origin` remote without credentials. */
  source?: string;
}

/** Asks git in the runner's folder. If git or the repository is missing, the result says so; that is no error. */
export async function readGitFacts(runner: Runner): Promise<GitFacts> {
  const ask = async (...args: string[]) => {
    try {
      const { exitCode, stdout } = await runner.run({ file: 'git', args });
      return exitCode === 0 ? stdout.trim() : undefined;
    } catch {
      return undefined;
    }
  };
  const [commit, committed, branch, status, remote] = await Promise.all([
    ask('rev-parse', '--verify', 'HEAD'),
    ask('show', '--no-patch', '--format=%ct', 'HEAD'),
    ask('symbolic-ref', '--short', 'HEAD'),
    ask('status', '--porcelain', '--untracked-files=no'),
    ask('remote', 'get-url', 'origin'),
  ]);
  return {
    ...(commit ? { commit } : {}),
    ...(committed && /^\d+$/.test(committed) ? { committed: Number(committed) } : {}),
    ...(branch ? { branch } : {}),
    dirty: Boolean(status),
    ...(remote ? { source: withoutCredentials(remote) } : {}),
  };
}

/** `https://user:token@host/x.git` -> `https://host/x.git` */
export function withoutCredentials(url: string): string {
  return url.replace(/^(\w+:\/\/)[^/@]*@/, '$1');
}

/** How long a remote repository may take to answer, in milliseconds. */
const REMOTE_TIMEOUT = 30_000;

/**
 * The current commit of a branch, a tag or the default branch of a remote repository: git's own lines, sorted.
 *
 * @throws {UserError} with git's message if it fails.
 */
export async function readRemoteRef(
  runner: Runner,
  repository: string,
  ref: string = 'HEAD',
): Promise<string> {
  const { exitCode, stdout, stderr } = await runner.run(
    {
      file: 'git',
      args: ['ls-remote', '--', repository, ref, `${ref}^{}`],
      env: { GIT_TERMINAL_PROMPT: '0' },
    },
    { timeout: REMOTE_TIMEOUT },
  );
  const lines = stdout.split('\n').filter((line) => line !== '');
  if (exitCode === 0 && lines.length > 0) return lines.sort().join('\n');
  const reason = stderr.trim().split('\n').at(-1) || `it has no "${ref}"`;
  throw new UserError(`git could not tell what "${ref}" is (${reason})`);
}

/** How many commits HEAD is ahead of each revision. Revisions that git does not know are missing. */
export async function countCommitsSince(
  runner: Runner,
  revisions: ReadonlySet<string>,
): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  await Promise.all(
    [...revisions].map(async (revision) => {
      const commit = revision.replace(/-dirty$/, '');
      if (!/^[0-9a-f]{7,64}$/.test(commit)) return;
      try {
        const { exitCode, stdout } = await runner.run({
          file: 'git',
          args: ['rev-list', '--count', `${commit}..HEAD`],
        });
        if (exitCode === 0) counts.set(revision, Number(stdout.trim()));
      } catch {
        // Without git nobody knows; that is no reason to say nothing at all.
      }
    }),
  );
  return counts;
}

/** How a commit is related to HEAD. Nothing is fetched, not even in a partial clone, where git would do so. */
export async function readAncestry(runner: Runner, commit: string): Promise<Ancestry> {
  const ask = (...args: string[]) =>
    runner.run({ file: 'git', args, env: { GIT_NO_LAZY_FETCH: '1' } }).catch(() => undefined);
  const [counted, known, cut] = await Promise.all([
    ask('rev-list', '--left-right', '--count', `${commit}...HEAD`),
    ask('cat-file', '-e', commit),
    ask('rev-parse', '--is-shallow-repository'),
  ]);
  const shallow = cut?.stdout.trim() !== 'false';
  const [ahead, behind] = (counted?.stdout ?? '').trim().split(/\s+/).map(Number);
  const isCounted = counted?.exitCode === 0 && ahead !== undefined && behind !== undefined;
  // In a shallow clone, related commits may seem unrelated.
  if (isCounted && !(shallow && ahead > 0 && behind > 0)) return { kind: 'counted', ahead, behind };
  if (known?.exitCode === 1 && cut?.exitCode === 0 && !shallow) return { kind: 'absent' };
  return { kind: 'unknown', shallow: shallow && cut?.exitCode === 0 };
}
