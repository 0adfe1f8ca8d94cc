/** What kubectl or the API server has against a command. */
export type ClusterComplaint =
  | { kind: 'no-context'; context: string }
  | { kind: 'no-cluster'; reason: string }
  | { kind: 'credentials'; reason: string }
  /** The user may not do it. */
  | { kind: 'forbidden'; reason: string }
  | { kind: 'quota'; reason: string }
  /** Whoever the user is: a policy or a webhook of the cluster does not let it in. */
  | { kind: 'refused'; reason: string }
  | { kind: 'no-namespace'; namespace: string }
  | { kind: 'terminating'; namespace: string }
  | { kind: 'unknown-kind'; what: string }
  /** What an object would be contradicts itself, or what it was. */
  | { kind: 'invalid' }
  | { kind: 'exists' }
  | { kind: 'conflict' }
  | { kind: 'not-found' }
  | { kind: 'other' };

type Reader = (...groups: string[]) => ClusterComplaint;

/** The words of kubectl 1.36 and 1.37, and of the API server, which sends no code through kubectl. First match wins. */
const PATTERNS: readonly (readonly [RegExp, Reader])[] = [
  [/context "([^"]*)" does not exist/, (context) => ({ kind: 'no-context', context: context })],
  [
    /no context exists with the name: "([^"]*)"/,
    (context) => ({ kind: 'no-context', context: context }),
  ],
  [
    /(?:namespaces? "([^"]*)" not found)/,
    (namespace) => ({ kind: 'no-namespace', namespace: namespace }),
  ],
  [
    /unable to create new content in namespace (\S+) because it is being terminated/,
    (namespace) => ({ kind: 'terminating', namespace: namespace }),
  ],
  [
    /the server doesn't have a resource type "([^"]*)"/,
    (what) => ({ kind: 'unknown-kind', what: what }),
  ],
  [/no matches for kind "([^"]*)"/, (what) => ({ kind: 'unknown-kind', what: what })],
  [/^The \S+ "[^"]*" is invalid: |\(Invalid\)/m, () => ({ kind: 'invalid' })],
  [/\(AlreadyExists\)/, () => ({ kind: 'exists' })],
  [/\(Conflict\)/, () => ({ kind: 'conflict' })],
  [/\(NotFound\)/, () => ({ kind: 'not-found' })],
  [/\(Forbidden\):? ?(.*exceeded quota: .*)/, (reason) => ({ kind: 'quota', reason: reason })],
  [/(admission webhook "[^"]*" .*)/, (reason) => ({ kind: 'refused', reason: reason })],
  [/(ValidatingAdmissionPolicy .*)/, (reason) => ({ kind: 'refused', reason: reason })],
  [/\(Forbidden\):? ?(.*)/, (reason) => ({ kind: 'forbidden', reason: reason })],
  [
    /(You must be logged in to the server.*|.*\(Unauthorized\).*|.*the server has asked for the client to provide credentials.*)/,
    (reason) => ({ kind: 'credentials', reason: reason }),
  ],
  [
    /Please enter Username/,
    () => ({ kind: 'credentials', reason: 'the context has no credentials' }),
  ],
  [
    /(x509: .*|certificate has expired.*|getting credentials: .*)/,
    (reason) => ({ kind: 'credentials', reason: reason }),
  ],
  [
    /(?:The connection to the server (\S+) was refused|Unable to connect to the server: (.*)|(dial tcp [^"]*)|(deadline exceeded.*))/,
    (...reasons) => ({ kind: 'no-cluster', reason: reasons.find(Boolean) ?? '' }),
  ],
];

export function parseClusterComplaint(text: string): ClusterComplaint {
  for (const [pattern, read] of PATTERNS) {
    const found = pattern.exec(text);
    if (found) return read(...found.slice(1));
  }
  return { kind: 'other' };
}

/** Whether kubectl says of a log that its pod is gone, or that its container has not started. */
export function saysNoLogYet(complaint: string): boolean {
  return /\(NotFound\)|is waiting to start|not found in (?:pod|namespace)|unable to retrieve container logs/.test(
    complaint,
  );
}
