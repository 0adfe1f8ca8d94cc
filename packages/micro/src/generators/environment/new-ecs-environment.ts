import { stringify } from 'yaml';

/** What a new environment for ECS is made of. */
export interface NewEcsEnvironment {
  region: string;
  /** The account's number. */
  account: string;
  /** `acme-production`: the default name of the cluster and of the namespace. */
  prefix: string;
  /** The default name is shown if it is absent. */
  cluster?: string;
  registry: string;
  /** ARNs of the secrets that services need, by service and variable. */
  secrets: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** The platform's gateways; the first serves as an example. */
  gateways: readonly string[];
}

/** The text of `environments/<name>.yml` for Amazon ECS. */
export function newEcsEnvironment(environment: NewEcsEnvironment): string {
  const { region, account, prefix, cluster, registry } = environment;
  return `# yaml-language-server: $schema=../node_modules/@org/micro/schemas/environment.schema.json

# Amazon ECS with Fargate. What is named here has to exist.
engine: ecs
${setting('region', region)}${cluster === undefined ? `# ${setting('cluster', prefix)}` : setting('cluster', cluster)}
# Services find each other in this namespace of Service Connect.
# ${setting('namespace', prefix)}
# Images are pushed to it, and tasks pull them from it.
${setting('registry', registry)}
# The processor of the tasks; images are built for it.
# architecture: ARM64

# Where tasks run. The security groups must let the tasks reach each other.
subnets: [subnet-0123456789abcdef0]
securityGroups: [sg-0123456789abcdef0]
# In a subnet without NAT, tasks need a public address to pull their images: \`publicIp: true\`.

# The role with which ECS pulls images, writes logs and reads secrets.
${setting('executionRole', `arn:aws:iam::${account}:role/${prefix}-execution`)}
# The role of the services themselves, if they call AWS.
# taskRole: arn:aws:iam::${account}:role/${prefix}-tasks

${servicesText(environment)}
# Services that run elsewhere, with the URL for their consumers:
# links:
#   billing: https://billing.example.com
`;
}

/** What can be said of one service; uncommented it stands at the right depth. */
function possible({ region, account, prefix }: NewEcsEnvironment, isSecretShown: boolean) {
  return [
    `targetGroup: arn:aws:elasticloadbalancing:${region}:${account}:targetgroup/gateway/0123456789abcdef # publishes it`,
    'url: https://shop.example.com',
    'resources: { cpus: 0.5, memory: 1G } # the size of a task',
    'replicas: 2',
    'autoscale: { min: 2, max: 6, cpu: 70 } # instead of replicas',
    'environment: { LOG_LEVEL: debug }',
    ...(isSecretShown
      ? []
      : [
          'secrets:',
          `  STRIPE_KEY: arn:aws:secretsmanager:${region}:${account}:secret:${prefix}/stripe-AbCdEf`,
        ]),
  ];
}

function servicesText(environment: NewEcsEnvironment): string {
  const { secrets, gateways } = environment;
  const [first] = secrets.keys();
  if (first === undefined) {
    return [
      '# Overrides for single services:',
      '# services:',
      `#   ${gateways[0] ?? 'gateway'}:`,
      ...possible(environment, false).map((line) => `#     ${line}`),
      '',
    ].join('\n');
  }
  const lines = [...secrets].flatMap(([name, own]) => [
    `  ${name}:`,
    '    secrets:',
    ...Object.entries(own).map(([variable, arn]) => `      ${setting(variable, arn).trimEnd()}`),
    ...(name === first ? possible(environment, true).map((line) => `    # ${line}`) : []),
  ]);
  return [
    '# Datastores and the broker run elsewhere. Create these parameters (SecureString), each with its address or key.',
    '# Overrides for single services, with all that can be set for the first:',
    'services:',
    ...lines,
    '',
  ].join('\n');
}

function setting(key: string, value: string): string {
  return stringify({ [key]: value }, { lineWidth: 0 });
}
