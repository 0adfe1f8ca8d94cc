import type { TaggedVersion } from '../versioning/released-version';
import type { Version } from '../versioning/version';
import { UserError } from '../platform/user-error';
import type { Runner } from './process';

/** What git knows about the versions of one service. */
export interface GitVersions {
  versions: TaggedVersion[];
  head: string | undefined;
  /** Whether commits, and with them tags, may be missing here. */
  isShallow: boolean;
}

/**
 * Reads the git tags that name a version.
 *
 * @param versionOf the version that a tag names; `undefined` for all other tags.
 * @throws {UserError} without git, or outside of a repository.
 */
export async function readGitVersions(
  runner: Runner,
  versionOf: (tag: string) => Version | undefined,
): Promise<GitVersions> {
  const ask = async (...args: string[]) => {
    const { exitCode, stdout, stderr } = await runner.run({ file: 'git', args });
    if (exitCode === 0) return stdout.split('\n').filter((line) => line !== '');
    throw new UserError(
      `git could not tell the versions of this repository (${stderr.trim().split('\n').at(-1)})`,
    );
  };
  const [all, reached, [head], [shallow]] = await Promise.all([
    // An annotated tag has an object of its own; the commit is what it points to.
    ask('for-each-ref', '--format=%(refname:strip=2) %(objectname) %(*objectname)', 'refs/tags'),
    ask('for-each-ref', '--format=%(refname:strip=2)', '--merged=HEAD', 'refs/tags'),
    ask('rev-parse', '--verify', 'HEAD'),
    ask('rev-parse', '--is-shallow-repository'),
  ]);
  const isReached = new Set(reached);
  const versions = all.flatMap((line): TaggedVersion[] => {
    const [tag = '', object = '', commit] = line.trim().split(' ');
    const version = versionOf(tag);
    if (!version) return [];
    return [{ ...version, tag, commit: commit ?? object, isReached: isReached.has(tag) }];
  });
  return { versions, head, isShallow: shallow === 'true' };
}
