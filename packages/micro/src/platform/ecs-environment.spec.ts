import { expect, it, test } from 'vitest';
import { ecsNames, type EcsEnvironment } from './ecs-environment';
import { parseAnyEnvironment, parseEnvironment, runsElsewhere } from './environment';
import { formatProblem, PlatformError } from './problem';

const HEAD = `engine: ecs
region: eu-central-1
registry: 123456789012.dkr.ecr.eu-central-1.amazonaws.com
subnets: [subnet-0a1b2c3d]
securityGroups: [sg-0a1b2c3d]
executionRole: arn:aws:iam::123456789012:role/acme-execution
`;

function parse(text: string): EcsEnvironment {
  const environment = parseAnyEnvironment('production', text, ['gateway', 'orders']);
  if (environment.engine !== 'ecs') throw new Error('it is for another engine');
  return environment;
}

function problemsOf(text: string, read: (text: string) => unknown = parse): string[] {
  try {
    read(text);
    return [];
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    return error.problems.map((problem) =>
      formatProblem(problem).replace('environments/production.yml', ''),
    );
  }
}

it('has defaults for everything except where it is and what may start it', () => {
  const environment = parse(HEAD);
  expect(environment).toEqual({
    name: 'production',
    file: 'environments/production.yml',
    engine: 'ecs',
    region: 'eu-central-1',
    registry: '123456789012.dkr.ecr.eu-central-1.amazonaws.com',
    architecture: 'X86_64',
    platform: 'linux/amd64',
    subnets: ['subnet-0a1b2c3d'],
    securityGroups: ['sg-0a1b2c3d'],
    publicIp: false,
    executionRole: 'arn:aws:iam::123456789012:role/acme-execution',
    healthTimeout: 60,
    jobTimeout: 600,
    lockTimeout: 120,
    releases: 10,
    olderCommits: 'refuse',
    services: {},
    links: {},
  });
  expect(runsElsewhere(environment)).toBe(true);
  expect(ecsNames('acme', environment)).toEqual({
    prefix: 'acme-production',
    cluster: 'acme-production',
    namespace: 'acme-production',
    logGroup: '/acme/production',
  });
});

it('has images for its architecture', () => {
  expect(parse(`${HEAD}architecture: ARM64\n`).platform).toBe('linux/arm64');
});

it('takes the size, the secrets and the target group of a service', () => {
  const secret = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:acme/stripe-AbCdEf:key::';
  const parameter = 'arn:aws-cn:ssm:cn-north-1:123456789012:parameter/acme/url';
  const { services } = parse(`${HEAD}services:
  gateway:
    targetGroup: arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/gateway/0a1b
    resources: { cpus: 1, memory: 2G }
    autoscale: { max: 4, cpu: 60 }
    secrets: { STRIPE_KEY: '${secret}', DATABASE_URL: '${parameter}' }
`);
  expect(services['gateway']).toMatchObject({
    resources: { cpus: 1, memory: '2G' },
    autoscale: { min: 1, max: 4, cpu: 60 },
    secrets: { STRIPE_KEY: secret, DATABASE_URL: parameter },
  });
});

test.each<[string, string[]]>([
  [
    'engine: ecs\nregion: frankfurt\n',
    [
      ':1: "executionRole" is missing: Role with which ECS starts tasks: it pulls images, writes logs and reads the secrets',
      ':1: "registry" is missing: Registry that images are pushed to and that tasks pull from, such as 123456789012.dkr.ecr.eu-central-1.amazonaws.com',
      ':1: "securityGroups" is missing: Security groups of the tasks. They must let the tasks reach each other',
      ':1: "subnets" is missing: Subnets of the tasks',
      ':2: region: a region is for example eu-central-1',
    ],
  ],
  [
    `${HEAD}context: far\ngateway: { name: public }\npublish: 80\nsubnet: a\n`,
    [
      ':7: "context" is a key of "engine: compose" or "engine: kubernetes": name the cluster by "cluster" and "region"',
      ':8: "gateway" is a key of "engine: kubernetes": use the "targetGroup" of a service',
      ':9: "publish" is a key of "engine: compose": use "targetGroup"',
      ':10: unknown key "subnet"; did you mean "subnets"?',
    ],
  ],
  [
    `${HEAD}services:\n  gateway:\n    resources: { cpus: 0.5, memory: 256M }\n`,
    [
      ':9: services.gateway.resources: Fargate has no size with 0.5 CPUs and 256M of memory: with 0.5 CPUs, choose from 1G, 2G, 3G, 4G',
    ],
  ],
  [
    `${HEAD}services:\n  gateway:\n    secrets: { KEY: { environment: KEY }, OTHER: stripe }\n`,
    [
      ':9: services.gateway.secrets.KEY: on ECS, a secret is the ARN of the place that holds its value',
      ':9: services.gateway.secrets.OTHER: on ECS, a secret is an ARN of Secrets Manager or of Parameter Store, such as arn:aws:secretsmanager:eu-central-1:123456789012:secret:acme/stripe-AbCdEf',
    ],
  ],
  [
    `${HEAD}services:\n  gateway:\n    replicas: 2\n    autoscale: { min: 3, max: 2 }\n`,
    [
      ':9: services.gateway.replicas: the autoscaler decides how many tasks there are: remove it, or "autoscale"',
      ':10: services.gateway.autoscale.max: "max" is 2, which is less than "min" (3)',
      ':10: services.gateway.autoscale.max: say what decides: give "cpu" or "memory", in percent of the size of a task',
    ],
  ],
  [
    `${HEAD}services: { order: {} }\n`,
    [':7: "order" is not a service of this platform; did you mean "orders"?'],
  ],
])('what is wrong in %j', (text, problems) => {
  expect(problemsOf(text).sort()).toEqual([...problems].sort());
});

it('is named by a command that does not know ECS yet', () => {
  expect(problemsOf(HEAD, (text) => parseEnvironment('production', text))).toEqual([
    ': "production" runs on Amazon ECS, which this command does not know yet: use "nx ecs-deploy", or "micro render -e production"',
  ]);
});
