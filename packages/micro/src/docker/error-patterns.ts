/**
 * What docker, buildx, Compose, cosign, a registry or ssh complains of. Their exit codes tell nothing apart, so this is the one
 * place that reads their words; error-patterns.spec.ts has the words of each version. A pattern is added with its message.
 */
export type Complaint =
  | { kind: 'no-engine'; reason: string; cause: 'silent' | 'ssh' | 'rights' }
  /** `127.0.0.1:8080` */
  | { kind: 'port-taken'; address: string; reason: string }
  /** The host may not listen there: it has no such address, or the port is a privileged one. */
  | { kind: 'port-refused'; address: string; reason: string }
  | { kind: 'disk-full'; reason: string }
  /** An image that exists, for other platforms. */
  | { kind: 'no-platform'; reason: string; platform?: string }
  | { kind: 'denied' | 'plain-http' | 'no-registry' | 'other'; reason: string };

const NO_ENGINE = any(
  /cannot connect to the docker daemon|is the docker daemon running|error during connect|dial unix/,
  // Docker 29
  /failed to connect to the docker API|while trying to connect to the docker API/,
  /unable to resolve docker endpoint|context not found/,
  /failed to receive status: rpc error/,
);
const NO_RIGHTS =
  /permission denied while trying to connect to the docker|dial unix \S+ connect: permission denied/i;
/** Ends what the client says of an ssh that did not get to the engine. */
const SAID_BY_SSH = /has exited with exit status \d+, [^]*: stderr=([^]*)$/;

/** `listen tcp4 127.0.0.1:80: bind:` up to 27 and on Docker Desktop; `failed to bind host port for 127.0.0.1:80:172.17.0.2:80/tcp:` in 28, shorter in 29. */
const BIND =
  /(?:listen (?:tcp|udp)[46]?|bind host port(?: for)?) (\[[^\]]*\]:\d+|[\d.]*:\d+)(?::[\d.:[\]a-f]+)?(?:\/\w+)?:(?: bind:)? (.*)/i;
const ALLOCATED = /bind for (\S+) failed: port is already allocated/i;
const IN_USE = /address already in use|only one usage of each socket address/i;
const PRIVILEGED = /cannot expose privileged port (\d+)/i;

const DISK_FULL = /^(?:error response from daemon: )+(.*no space left on device)/im;
const NO_PLATFORM = any(
  /no matching manifest for (\S+) in/,
  /no match for platform in manifest/,
  /does not match the specified platform: wanted ([^\s,]+)/,
  /does not provide the specified platform \(([^)]+)\)/,
);
const DENIED = any(
  /unauthorized|authentication required|authorization failed|forbidden|no basic auth credentials/,
  // A file that may not be read is not the registry's matter.
  /(?<!permission )denied/,
  /(?:status|status code):? 40[13]\b/,
  // The containerd image store keeps a registry's words and drops their code.
  /error from registry: .*(?:password|credential|log ?in|authenticat|token)/,
);
const PLAIN_HTTP = /server gave HTTP response to HTTPS client/i;
const NO_REGISTRY =
  /connection refused|connection reset|no such host|i\/o timeout|tls handshake|deadline exceeded|EOF$|(?:HTTP status|status code|from \w+ request to \S+):? (?:429|5\d\d)\b|too many requests|network is unreachable|no route to host|temporary failure in name resolution|broken pipe/im;

const NOT_FOUND =
  /no such image|no such object|: not found|manifest unknown|name unknown|repository does not exist/i;
const NO_CONTAINER = /no such container/i;
const DYING = /dead or marked for removal/i;
const ALREADY_DONE =
  /no such container|already in progress|already exists in network|is not connected/i;

/** cosign: none at all, by another key, or of another digest; and only ones of another type, such as signatures of version 3. */
const NO_ATTESTATION =
  /^Error: (?:no matching attestations|none of the attestations matched the predicate type)\b/m;

const EXPORTED_TWICE = /failed to solve: image "[^"]+": already exists/;

const FAILED_PULL =
  /failed to (?:resolve source metadata|do request|authorize|copy|fetch \w+ token)|load metadata/;
const FAILED_LINE = /^[^\s:]+:(\d+)\n-{5}/m;

/** What a command that failed complains of. */
export function parseComplaint(output: string): Complaint {
  const reason = reasonOf(output);
  if (NO_ENGINE.test(output)) return parseNoEngine(output);
  const port = parsePort(output);
  if (port) return port;
  const full = DISK_FULL.exec(output) ?? /^.*no space left on device/i.exec(reason);
  if (full) return { kind: 'disk-full', reason: full[1] ?? full[0] };
  const variant = NO_PLATFORM.exec(output);
  if (variant) {
    const platform = variant.slice(1).find((group) => group !== undefined);
    return { kind: 'no-platform', reason, ...(platform && { platform }) };
  }
  if (DENIED.test(reason)) return { kind: 'denied', reason };
  if (PLAIN_HTTP.test(reason)) return { kind: 'plain-http', reason };
  return { kind: NO_REGISTRY.test(reason) ? 'no-registry' : 'other', reason };
}

/**
 * What a build that failed complains of, and the line of the Dockerfile. What its own steps print, such as a refused
 * `npm ci`, says nothing about the engine's registry: only BuildKit's verdict on a base image counts.
 */
export function parseBuildComplaint(output: string): { complaint: Complaint; line?: number } {
  const reason = reasonOf(output);
  const line = FAILED_LINE.exec(output)?.[1];
  const counts = NO_ENGINE.test(reason) || FAILED_PULL.test(reason);
  return {
    complaint: counts ? parseComplaint(reason) : { kind: 'other', reason },
    ...(line !== undefined && { line: Number(line) }),
  };
}

/** Whether the message means "does not exist". No answer, a refusal, or an image for another platform are different. */
export function saysNotFound(words: string): boolean {
  return (
    NOT_FOUND.test(words) &&
    !NO_ENGINE.test(words) &&
    !NO_PLATFORM.test(words) &&
    // A registry that was asked without a login; one that hides what is private answers "insufficient_scope".
    !/no basic auth credentials/i.test(words)
  );
}

export function saysNoContainer(words: string): boolean {
  return NO_CONTAINER.test(words);
}

/** The container is gone, or about to be. */
export function saysContainerGone(words: string): boolean {
  return NO_CONTAINER.test(words) || DYING.test(words);
}

/**
 * Two exports gave an image the same name at once, which the containerd image store refuses the second one: of two
 * builds, or of one build that both loads and pushes.
 */
export function saysExportedTwice(words: string): boolean {
  return EXPORTED_TWICE.test(words);
}

/** What a command was to do had been done before it came. */
export function saysAlreadyDone(words: string): boolean {
  return ALREADY_DONE.test(words);
}

/** cosign asked the registry, and the image has no attestation of this type by whom it should be. */
export function saysNoAttestation(words: string): boolean {
  return NO_ATTESTATION.test(words);
}

function parseNoEngine(output: string): Complaint {
  const ssh = SAID_BY_SSH.exec(output)?.[1];
  // Commands about several containers say so again at their end, without the reason.
  const line = output.split('\n').findLast((text) => NO_ENGINE.test(text));
  const reason = ssh?.trim() ? ssh.trim().split('\n').at(-1)!.trim() : reasonOf(line ?? output);
  const cause = ssh !== undefined ? 'ssh' : NO_RIGHTS.test(output) ? 'rights' : 'silent';
  return { kind: 'no-engine', reason, cause };
}

function parsePort(output: string): Complaint | undefined {
  const allocated = ALLOCATED.exec(output);
  if (allocated) return { kind: 'port-taken', address: allocated[1]!, reason: allocated[0] };
  const privileged = PRIVILEGED.exec(output);
  if (privileged) {
    return { kind: 'port-refused', address: `port ${privileged[1]}`, reason: privileged[0] };
  }
  const [, address, reason] = BIND.exec(output) ?? [];
  if (address === undefined || reason === undefined) return undefined;
  return { kind: IN_USE.test(reason) ? 'port-taken' : 'port-refused', address, reason };
}

/** The last line in which a docker command says that something is wrong, else its last line. */
function reasonOf(output: string): string {
  const lines = output.trimEnd().split('\n');
  const line =
    lines.findLast((text) => /^(?:docker: )?(?:error|failed)\b/i.test(text)) ?? lines.at(-1) ?? '';
  return line.replace(/^(?:docker: |ERROR: |Error response from daemon: )+/, '');
}

function any(...patterns: readonly RegExp[]): RegExp {
  return new RegExp(patterns.map(({ source }) => source).join('|'), 'i');
}
