/** What AWS or its CLI has against a call. */
export type AwsComplaint =
  | { kind: 'credentials'; reason: string }
  | { kind: 'forbidden'; reason: string }
  | { kind: 'throttled'; reason: string }
  | { kind: 'no-answer'; reason: string }
  | { kind: 'no-cluster' }
  | { kind: 'no-namespace' }
  | { kind: 'old-client'; reason: string }
  | { kind: 'exists' }
  | { kind: 'not-found' }
  | { kind: 'other'; reason: string };

type Kind = AwsComplaint['kind'];

/** The codes of errors: of ECS, IAM, Parameter Store, and those that all services have. */
const CODES: Readonly<Record<string, Kind>> = {
  ...kindOf('credentials', ['ExpiredToken', 'ExpiredTokenException', 'InvalidClientTokenId']),
  ...kindOf('credentials', ['UnrecognizedClientException', 'InvalidSignatureException']),
  ...kindOf('credentials', ['SignatureDoesNotMatch', 'RequestExpired']),
  ...kindOf('forbidden', ['AccessDenied', 'AccessDeniedException', 'UnauthorizedOperation']),
  ...kindOf('throttled', ['Throttling', 'ThrottlingException', 'TooManyRequestsException']),
  ...kindOf('throttled', ['RequestLimitExceeded', 'TooManyUpdates', 'SlowDown']),
  ...kindOf('no-cluster', ['ClusterNotFoundException']),
  ...kindOf('no-namespace', ['NamespaceNotFoundException']),
  ...kindOf('exists', ['ParameterAlreadyExists']),
  ...kindOf('not-found', ['ParameterNotFound', 'NoSuchEntity', 'ResourceNotFoundException']),
  ...kindOf('not-found', ['ServiceNotFoundException', 'ObjectNotFoundException']),
};

/** What the CLI says by itself, without a code. First match wins. */
const PATTERNS: readonly (readonly [RegExp, Kind])[] = [
  [/Unable to locate credentials.*|Partial credentials found.*/, 'credentials'],
  [/The config profile \(.*\) could not be found/, 'credentials'],
  [
    /.*(?:SSO|sso).*(?:expired|invalid).*|Token has expired.*|Error loading SSO Token.*/,
    'credentials',
  ],
  [/Error when retrieving .*(?:token|credentials).*/, 'credentials'],
  [
    /Could not connect to the endpoint URL: .*|(?:Connect|Read) timeout on endpoint URL.*/,
    'no-answer',
  ],
  [/Connection was closed before we received.*|Failed to connect to proxy URL.*/, 'no-answer'],
  [/deadline exceeded: .*/, 'no-answer'],
  [/Unknown parameter in input: .*|argument operation: .*Invalid choice.*/, 'old-client'],
];

const WITH_CODE =
  /An error occurred \((\w+)\) when calling the \w+ operation(?: \([^)]*\))?: ?([\s\S]*)/;

/** Reads the standard error of the AWS CLI, 1 or 2. */
export function parseAwsComplaint(text: string): AwsComplaint {
  const [, code, message] = WITH_CODE.exec(text) ?? [];
  if (code !== undefined) {
    return { kind: CODES[code] ?? 'other', reason: `${code}: ${message!.trim()}` };
  }
  for (const [pattern, kind] of PATTERNS) {
    const found = pattern.exec(text);
    if (found) return { kind, reason: found[0].trim() };
  }
  return { kind: 'other', reason: text.trim() };
}

function kindOf(kind: Kind, codes: readonly string[]): Record<string, Kind> {
  return Object.fromEntries(codes.map((code) => [code, kind]));
}
