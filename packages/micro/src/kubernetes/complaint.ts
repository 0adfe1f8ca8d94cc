import { withoutLog } from './exec';

/** What kubectl or the API server has against a command. */
export type ClusterComplaint =
  | { kind: 'no-context'; context: string }
  /** No answer, or that of an API server that is starting, ending or overloaded. */
  | { kind: 'no-cluster'; reason: string }
  /** The API server answers, but the kubelet that it asked for a log or an exec does not. */
  | { kind: 'no-node'; reason: string }
  /** The API server answers, but a webhook that it has to ask does not. */
  | { kind: 'no-webhook'; reason: string }
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
  // The rules that it checks a request by are not read yet.
  [/(not yet ready to handle request)/, (reason) => ({ kind: 'no-cluster', reason: reason })],
  [/\(Forbidden\):? ?(.*exceeded quota: .*)/, (reason) => ({ kind: 'quota', reason: reason })],
  [/(failed calling webhook "[^"]*".*)/, (reason) => ({ kind: 'no-webhook', reason: reason })],
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
    /^Error from server.*?"https:\/\/[^"\s]+:10250\/[^"]*": (.*)/m,
    (reason) => ({ kind: 'no-node', reason: reason }),
  ],
  [
    /^Error from server.*? error dialing backend: (.*)/m,
    (reason) => ({ kind: 'no-node', reason: reason }),
  ],
  [
    /(x509: .*|certificate has expired.*|getting credentials: .*)/,
    (reason) => ({ kind: 'credentials', reason: reason }),
  ],
  [
    /(?:The connection to the server (\S+) was refused|Unable to connect to the server: (.*)|(dial tcp [^"]*)|(deadline exceeded.*))/,
    (...reasons) => ({ kind: 'no-cluster', reason: reasons.find(Boolean) ?? '' }),
  ],
  [
    /((?:unexpected )?\bEOF\b|connection reset by peer|net\/http: [^"\n;]*|http2: [^"\n;]*|etcdserver: [^"\n;]*)/,
    (reason) => ({ kind: 'no-cluster', reason: reason }),
  ],
  [
    /(the server is currently unable to handle the request|the server has received too many requests|the server was unable to return a response in the time allotted)/,
    (reason) => ({ kind: 'no-cluster', reason: reason }),
  ],
];

export function parseClusterComplaint(text: string): ClusterComplaint {
  const own = withoutLog(text);
  // What kubectl got over is in its log, too.
  const said = own.trim() === '' ? text : own;
  for (const [pattern, read] of PATTERNS) {
    const found = pattern.exec(said);
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
