/** What a build reads from an address instead of from an image or a folder. */
export interface RemoteSource {
  kind: 'http' | 'git';
  /** As the Dockerfile or the option has it, with its variables filled in. */
  address: string;
  /** What BuildKit compares the download with: `sha256:…`, or the commit of a repository. */
  checksum?: string;
  /** 1-based line of the Dockerfile; absent for a named context. */
  line?: number;
}

/** A repository and what is read of it. */
export interface GitAddress {
  repository: string;
  /** A branch, tag or commit; absent for the default branch. */
  ref?: string;
}

const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/**
 * The remote source in an ADD or a named context; `undefined` for a path. BuildKit treats `git://`, `ssh://`,
 * `user@host:path` and `https://….git` as repositories, and all other `http` addresses as files.
 */
export function remoteSource(address: string): RemoteSource | undefined {
  if (/^(?:git|ssh):\/\//i.test(address)) return { kind: 'git', address };
  if (/^[\w-]+@[\w.-]+:/.test(address)) return { kind: 'git', address };
  if (!/^https?:\/\//i.test(address)) return undefined;
  return { kind: isRepository(address) ? 'git' : 'http', address };
}

function isRepository(address: string): boolean {
  const [path = ''] = address.split(/[?#]/);
  return path.endsWith('.git');
}

/** `https://example.com/x.git#main:docs` and `https://example.com/x.git?branch=main` */
export function parseGitAddress(address: string): GitAddress {
  const [whole = '', fragment] = splitOnce(address, '#');
  const [repository = '', query] = splitOnce(whole, '?');
  const asked = new URLSearchParams(query ?? '');
  const ref =
    asked.get('commit') ??
    asked.get('checksum') ??
    asked.get('ref') ??
    asked.get('tag') ??
    asked.get('branch') ??
    fragment?.split(':')[0];
  return { repository, ...(ref ? { ref } : {}) };
}

/** The commit that an address or its checksum names outright; nothing else of it can change. */
export function namedCommit({ address, checksum }: RemoteSource): string | undefined {
  const { ref } = parseGitAddress(address);
  return [checksum, ref].find((name) => name !== undefined && COMMIT.test(name));
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}
