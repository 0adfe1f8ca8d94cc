import type { Problem } from '../platform/problem';
import type { ReadManifest } from '../platform/manifest';

/** What of a service works otherwise, or not at all, as a Lambda function. */
export interface Limit extends Problem {
  /** `never`: it is of no use there. */
  works: 'never' | 'otherwise';
}

/** A source file of the service, relative to the workspace root. */
export interface SourceText {
  file: string;
  text: string;
}

interface CodeLimit {
  pattern: RegExp;
  message: string;
}

/** What code does that Lambda does not do, as far as a line of it shows. */
const IN_CODE: readonly CodeLimit[] = [
  {
    pattern: /\bsetInterval\s*\(/,
    message:
      'setInterval stands still between requests: let EventBridge call a route, or keep that work in a container',
  },
  {
    pattern:
      /\b(?:from|import|require)\b[ (]*['"](?:node-cron|cron|croner|node-schedule|bree|toad-scheduler|@fastify\/schedule)['"]/,
    message:
      'a schedule in the process does not run between requests: let EventBridge call a route, or keep that work in a container',
  },
  {
    pattern: /text\/event-stream/,
    message: 'an event stream never ends, and an answer is sent only when it has ended',
  },
  {
    pattern: /\b(?:from|import|require)\b[ (]*['"](?:ws|@fastify\/websocket|socket\.io)['"]/,
    message: 'a function gets no WebSockets: keep them in a container',
  },
];

/**
 * What a service does that is different as a Lambda function, each with its file and line; empty if its manifest does
 * not say `lambda: true`.
 *
 * @param sources the code of the service, without its specs.
 * @param hasTracing whether it records traces.
 */
export function limitsOf(
  { manifest, source }: ReadManifest,
  sources: readonly SourceText[],
  hasTracing: boolean,
): Limit[] {
  if (!manifest.lambda) return [];
  const at = (key: string, message: string, works: Limit['works'] = 'otherwise'): Limit => ({
    file: source.file,
    line: source.lineOf([key]),
    message,
    works,
  });
  const { kind, subscribes, publishes, datastores } = manifest;
  return [
    ...(kind === 'worker'
      ? [at('kind', 'a worker only handles events, and no function gets them yet', 'never')]
      : []),
    ...(kind === 'gateway' ? gatewayLimits(datastores, at) : []),
    ...(kind !== 'worker' && subscribes.length > 0
      ? [
          at(
            'subscribes',
            `${subscribes.join(', ')} reach the function only while it answers a request: let its container handle them`,
          ),
        ]
      : []),
    ...(publishes.length > 0
      ? [
          at(
            'publishes',
            `${publishes.join(', ')} leave the outbox in the background, which stands still after the answer: let its container run beside the function`,
          ),
        ]
      : []),
    ...(manifest.grpcPort === undefined
      ? []
      : [at('grpcPort', 'a function gets no gRPC: let its container answer it')]),
    ...(datastores.database === undefined
      ? []
      : [
          at(
            'datastores',
            `every sandbox has connections of its own to ${datastores.database}: limit the concurrency of the function, or put a proxy such as RDS Proxy between`,
          ),
        ]),
    ...(hasTracing
      ? [
          at(
            'lambda',
            'spans are sent in the background, so those of the last requests may be lost: add the OpenTelemetry layer, or leave OTEL_EXPORTER_OTLP_ENDPOINT unset',
          ),
        ]
      : []),
    ...sources.flatMap(codeLimits),
  ];
}

function gatewayLimits(
  datastores: ReadManifest['manifest']['datastores'],
  at: (key: string, message: string) => Limit,
): Limit[] {
  return [
    at('kind', 'a gateway sends answers whole, of 6 MB at most: no streams and no WebSockets'),
    ...(datastores['rate-limit'] === undefined
      ? [
          at(
            'kind',
            'limits of callers and cached answers are in the memory of each sandbox: give it the datastores rate-limit and cache, or use those of API Gateway',
          ),
        ]
      : []),
  ];
}

function codeLimits({ file, text }: SourceText): Limit[] {
  return text.split('\n').flatMap((line, index) => {
    if (/^\s*(?:\/\/|\*|\/\*)/.test(line)) return [];
    return IN_CODE.filter(({ pattern }) => pattern.test(line)).map(({ message }) => ({
      file,
      line: index + 1,
      message,
      works: 'otherwise' as const,
    }));
  });
}
