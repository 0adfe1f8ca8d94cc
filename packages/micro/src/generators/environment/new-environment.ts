import { Document, isMap, stringify } from 'yaml';

/** Where a gateway is published. */
export interface NewPublication {
  service: string;
  /** A port, or a host name with the source of its certificate. */
  publish: string | { host: string; tls: string };
}

/** What a new environment is made of. */
export interface NewEnvironment {
  name: string;
  context?: string;
  host?: string;
  registry?: string;
  images?: 'pushed' | 'local';
  /** Added to published ports; other environments on the same engine have others. */
  portOffset?: number;
  published?: NewPublication;
  /** The platform's gateways; the first serves as an example. */
  gateways: readonly string[];
}

/** Where people are served: what differs from development, and why. */
const SERVING: Readonly<Record<string, string>> = {
  staging: `
# Services get more time to become healthy than in development, because they start beside others.
healthTimeout: 120
`,
  production: `
# Services get more time to become healthy than in development, because they start beside others.
# A new version must stay healthy for longer, because some faults show only under real load.
healthTimeout: 120
steady: 10
`,
};

/**
 * The text of `environments/<name>.yml`.
 *
 * It sets no replicas. A roll starts the new container beside the old one and loses no request with
 * one; a second one on the same machine is for load, which only the service's own manifest knows.
 */
export function newEnvironment(environment: NewEnvironment): string {
  const { name, context, host, registry, images, portOffset, published, gateways } = environment;
  return `# yaml-language-server: $schema=../node_modules/@org/micro/schemas/environment.schema.json

${engineOf(context !== undefined || host !== undefined, registry, images)}
engine: compose
${setting('context', context)}${setting('host', host)}${setting('registry', registry)}${setting('images', images)}${offsetOf(portOffset)}${SERVING[name] ?? ''}
# Overrides for single services${published ? ', with all that can be set' : ''}:
${servicesOf(published, gateways[0] ?? 'gateway')}
# Services that run elsewhere, with the URL for their consumers:
# links:
#   billing: https://billing.example.com
`;
}

function engineOf(
  elsewhere: boolean,
  registry: string | undefined,
  source: NewEnvironment['images'],
): string {
  const images =
    source === 'pushed' && registry === undefined
      ? 'It runs pushed images, by digest: set `registry: registry.example.com/acme`.'
      : registry !== undefined && source !== 'local'
        ? 'Images come from the registry, by digest.'
        : elsewhere
          ? 'Without `registry:`, images must be built on it.'
          : 'Images stay on it; to push them, set `registry:`.';
  return elsewhere
    ? `# The Docker Engine to deploy to. ${images}`
    : `# The Docker Engine of this machine. For another one, set \`host: ssh://deploy@example.com\` or a
# docker \`context:\`.
# ${images}`;
}

function offsetOf(portOffset: number | undefined): string {
  if (!portOffset) return '';
  return `
# Other environments use this engine too: ports that compose.yaml publishes are moved, 3001 to ${portOffset + 3001}.
portOffset: ${portOffset}
`;
}

function setting(key: string, value: string | undefined): string {
  return value === undefined ? '' : stringify({ [key]: value });
}

/** What can be said of one service; uncommented it stands at the right depth. */
const OF_A_SERVICE = [
  'replicas: 2',
  'resources: { cpus: 0.5, memory: 256M }',
  'environment: { LOG_LEVEL: debug }',
  'secrets:',
  '  STRIPE_KEY: { environment: STRIPE_KEY }',
];

/** As people write it: a map on one line. */
function publishLine(publish: NewPublication['publish']): string {
  const document = new Document({ publish });
  const value = document.get('publish', true);
  if (isMap(value)) value.flow = true;
  return document.toString().trimEnd();
}

function servicesOf(published: NewEnvironment['published'], example: string): string {
  const lines = published
    ? [
        'services:',
        `  ${published.service}:`,
        `    ${publishLine(published.publish)}`,
        ...OF_A_SERVICE.map((line) => `    # ${line}`),
      ]
    : [
        '# services:',
        `#   ${example}:`,
        ...['publish: { host: shop.example.com, tls: auto }', ...OF_A_SERVICE].map(
          (line) => `#     ${line}`,
        ),
      ];
  return `${lines.join('\n')}\n`;
}
