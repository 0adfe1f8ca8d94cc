import { namedCommit, parseGitAddress, type RemoteSource } from '../../dockerfile/remote-source';
import { readRemoteRef, withoutCredentials } from '../../effects/git';
import type { Runner } from '../../effects/process';
import type { Problem } from '../../platform/problem';
import { UserError } from '../../platform/user-error';

/** What lies at the addresses that a build reads. */
export interface RemoteContent {
  /** By address: a checksum, a commit, or what a branch is now. */
  versions: Record<string, string>;
  /** Whether one of them can become another while the image is built. */
  canMove: boolean;
  problems: Problem[];
}

/**
 * Reads the version of every address. A file needs a checksum: without one, a changed file could not be told from the
 * one in the image. A branch or tag of a repository is looked up.
 *
 * @param file the Dockerfile, for problems.
 */
export async function readRemoteSources(
  runner: Runner,
  file: string,
  remotes: readonly RemoteSource[],
): Promise<RemoteContent> {
  const content: RemoteContent = { versions: {}, canMove: false, problems: [] };
  await Promise.all(
    remotes.map(async (remote) => {
      const fixed = remote.kind === 'git' ? namedCommit(remote) : remote.checksum;
      if (fixed !== undefined) {
        content.versions[withoutCredentials(remote.address)] = fixed;
      } else if (remote.kind === 'http') {
        content.problems.push({ file, line: remote.line, message: adviceForFile(remote) });
      } else {
        await lookUp(runner, remote).then(
          (version) => {
            content.versions[withoutCredentials(remote.address)] = version;
            content.canMove = true;
          },
          (error: unknown) => {
            if (!(error instanceof UserError)) throw error;
            const message = `${shown(remote)}: ${error.message}; write the commit instead of the branch, "#<40 digits>", or make sure that git can read the repository`;
            content.problems.push({ file, line: remote.line, message });
          },
        );
      }
    }),
  );
  return content;
}

function lookUp(runner: Runner, { address }: RemoteSource): Promise<string> {
  const { repository, ref } = parseGitAddress(address);
  return readRemoteRef(runner, repository, ref);
}

function adviceForFile(remote: RemoteSource): string {
  return remote.line === undefined
    ? `the context ${shown(remote)} may change without notice: use a folder, or a repository at a commit`
    : `${shown(remote)} has no checksum, so a changed file would stay out of the image: write "ADD --checksum=sha256:<digits> …"; "curl -fsSL <address> | sha256sum" prints the digits`;
}

/** A password in an address is not repeated. */
function shown({ address, line }: RemoteSource): string {
  return `${line === undefined ? '' : 'ADD '}${withoutCredentials(address)}`;
}
