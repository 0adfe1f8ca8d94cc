import { z } from 'zod';
import { checkEnvironment } from './check-environment';
import {
  jobTimeout,
  links,
  lockTimeout,
  olderCommits,
  publicUrl,
  registry,
  releases,
  secretName,
  variableProblems,
  variablesSchema,
} from './environment-keys';
import { fargateSize } from './fargate-size';
import { resourcesSchema } from './resources';
import { seconds } from './time';
import { verifySchema } from './verify';
import type { YamlSource } from './yaml-source';

const role = z
  .string()
  .regex(
    /^(arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+|[\w+=,.@-]{1,64})$/,
    'a role is its name, or an ARN such as arn:aws:iam::123456789012:role/acme-tasks',
  );

const secretArn = z
  .string({ error: 'on ECS, a secret is the ARN of the place that holds its value' })
  .regex(
    /^arn:aws[a-z-]*:(secretsmanager:[a-z0-9-]+:\d{12}:secret:\S+|ssm:[a-z0-9-]+:\d{12}:parameter\/\S+)$/,
    'on ECS, a secret is an ARN of Secrets Manager or of Parameter Store, such as arn:aws:secretsmanager:eu-central-1:123456789012:secret:acme/stripe-AbCdEf',
  );

const name = (what: string) =>
  z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,254}$/, `${what} has letters, digits, "-" and "_"`);

const percent = z.int().min(1).max(100);

const autoscaleSchema = z
  .strictObject({
    min: z.int().min(1).default(1).describe('Fewest tasks'),
    max: z.int().min(1).describe('Most tasks'),
    cpu: percent.describe('Percent of their CPU that the tasks use on average').optional(),
    memory: percent.describe('Percent of their memory that the tasks use on average').optional(),
  })
  .superRefine(({ min, max, cpu, memory }, context) => {
    const issue = (message: string) => context.addIssue({ code: 'custom', path: ['max'], message });
    if (max < min) issue(`"max" is ${max}, which is less than "min" (${min})`);
    if (cpu === undefined && memory === undefined) {
      issue('say what decides: give "cpu" or "memory", in percent of the size of a task');
    }
  });

/** `environments/<name>.yml` for Amazon ECS with Fargate. */
export const ecsSchema = z
  .strictObject({
    engine: z.literal('ecs').describe('What runs the containers'),
    region: z
      .string()
      .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'a region is for example eu-central-1')
      .describe('The AWS region'),
    cluster: name('a cluster')
      .describe('The ECS cluster. Default: <platform>-<environment>')
      .optional(),
    namespace: z
      .string()
      .regex(/^\S{1,1024}$/, 'a namespace is its name or its ARN')
      .describe(
        'Namespace of Service Connect, in which services find each other. Default: <platform>-<environment>',
      )
      .optional(),
    registry: registry.describe(
      'Registry that images are pushed to and that tasks pull from, such as 123456789012.dkr.ecr.eu-central-1.amazonaws.com',
    ),
    architecture: z
      .enum(['X86_64', 'ARM64'], { error: 'architecture is X86_64 or ARM64' })
      .default('X86_64')
      .describe('Processor of the tasks: images are built for it, and others are not pushed'),
    subnets: z
      .array(z.string().regex(/^subnet-[0-9a-f]+$/, 'a subnet is for example subnet-0a1b2c3d'))
      .min(1)
      .max(16)
      .describe('Subnets of the tasks'),
    securityGroups: z
      .array(z.string().regex(/^sg-[0-9a-f]+$/, 'a security group is for example sg-0a1b2c3d'))
      .min(1)
      .max(5)
      .describe('Security groups of the tasks. They must let the tasks reach each other'),
    publicIp: z
      .boolean()
      .default(false)
      .describe('Whether tasks get a public address: needed to pull in a subnet without NAT'),
    executionRole: role.describe(
      'Role with which ECS starts tasks: it pulls images, writes logs and reads the secrets',
    ),
    taskRole: role.describe('Role of the services themselves. Default: none').optional(),
    logGroup: z
      .string()
      .regex(/^[\w./#-]{1,512}$/, 'a log group has letters, digits and . - _ / #')
      .describe('Log group of CloudWatch. Default: /<platform>/<environment>')
      .optional(),
    healthTimeout: seconds
      .default(60)
      .describe('How long a task may take to become healthy before failed checks count'),
    jobTimeout,
    lockTimeout,
    releases,
    olderCommits,
    verify: verifySchema.optional(),
    services: z
      .record(
        z.string(),
        z.strictObject({
          targetGroup: z
            .string()
            .regex(
              /^arn:aws[a-z-]*:elasticloadbalancing:[a-z0-9-]+:\d{12}:targetgroup\/\S+$/,
              'a target group is an ARN such as arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/gateway/0a1b2c3d4e5f6071',
            )
            .describe('Publish it: the target group (type "ip") of a load balancer')
            .optional(),
          url: publicUrl
            .describe('Its public URL, which the service gets as PUBLIC_URL')
            .optional(),
          environment: variablesSchema,
          secrets: z
            .record(secretName, secretArn)
            .default({})
            .describe('ARN of each secret: the service gets its value as the variable'),
          taskRole: role.describe('Its own role, instead of that of all services').optional(),
          resources: resourcesSchema
            .describe(
              'Size of each task here, instead of that in its manifest. Default: { cpus: 0.25, memory: 512M }',
            )
            .superRefine((resources, context) => {
              const found = fargateSize(resources);
              if ('problem' in found) context.addIssue({ code: 'custom', message: found.problem });
            })
            .optional(),
          replicas: z.int().min(1).describe('Number of tasks here').optional(),
          autoscale: autoscaleSchema.describe('Bounds of an autoscaler instead').optional(),
        }),
      )
      .default({})
      .describe('Overrides for single services'),
    links,
  })
  .superRefine((environment, context) => {
    for (const [service, one] of Object.entries(environment.services)) {
      const issue = (path: readonly string[], message: string) =>
        context.addIssue({ code: 'custom', path: ['services', service, ...path], message });
      if (one.replicas !== undefined && one.autoscale) {
        issue(
          ['replicas'],
          'the autoscaler decides how many tasks there are: remove it, or "autoscale"',
        );
      }
      for (const { path, message } of variableProblems(one)) issue(path, message);
    }
  })
  .describe('A cluster of Amazon ECS to deploy the platform to, with Fargate');

export interface EcsEnvironment extends z.output<typeof ecsSchema> {
  name: string;
  /** Path relative to the workspace root. */
  file: string;
  /** What its architecture is for images, such as `linux/arm64`. */
  platform: string;
}

const CLUSTER = '"engine: compose" or "engine: kubernetes"';

/** Keys of environments for other engines, each with what to write instead for ECS. */
const OTHER_KEYS = Object.fromEntries(
  Object.entries({
    context: [CLUSTER, 'name the cluster by "cluster" and "region"'],
    host: [CLUSTER, 'to publish a service, give its "targetGroup"'],
    platform: [CLUSTER, 'use "architecture"'],
    project: ['"engine: compose"', 'name the cluster by "cluster"'],
    portOffset: ['"engine: compose"', 'tasks have addresses of their own'],
    images: ['"engine: compose"', 'tasks always pull from the registry'],
    edge: ['"engine: compose"', 'use a load balancer, and the "targetGroup" of a service'],
    publish: ['"engine: compose"', 'use "targetGroup"'],
    ingress: ['"engine: kubernetes"', 'use the "targetGroup" of a service'],
    gateway: ['"engine: kubernetes"', 'use the "targetGroup" of a service'],
    tlsSecret: ['"engine: kubernetes"', 'the load balancer has the certificate'],
    pullSecret: ['"engine: kubernetes"', 'the "executionRole" may pull'],
    datastores: ['"engine: kubernetes"', 'on ECS, datastores always run elsewhere'],
    broker: ['"engine: kubernetes"', 'on ECS, the broker always runs elsewhere'],
    storage: ['"engine: kubernetes"', 'on ECS, datastores run elsewhere'],
    observability: ['"engine: kubernetes"', 'use CloudWatch, or a collector of your own'],
    requests: ['"engine: kubernetes"', 'use "resources"'],
  }).map(([key, [engine, instead]]) => [key, `is a key of ${engine}: ${instead}`]),
);

/** Whether an environment is for ECS. */
export function isForEcs({ value }: YamlSource): boolean {
  return (value as { engine?: unknown } | null)?.engine === 'ecs';
}

/**
 * Checks the source of an environment for ECS.
 * @throws {PlatformError} with every problem of the file.
 */
export function checkEcsEnvironment(
  name: string,
  source: YamlSource,
  serviceNames?: readonly string[],
): EcsEnvironment {
  const value = checkEnvironment(source, ecsSchema, { name, serviceNames, elsewhere: OTHER_KEYS });
  const platform = value.architecture === 'ARM64' ? 'linux/arm64' : 'linux/amd64';
  return { ...value, platform, name, file: source.file };
}

/** Names of what an environment has on AWS unless it says otherwise. */
export function ecsNames(
  platformName: string,
  { name, cluster, namespace, logGroup }: Pick<EcsEnvironment, 'name'> & EcsPlace,
): { prefix: string; cluster: string; namespace: string; logGroup: string } {
  const prefix = `${platformName}-${name}`;
  return {
    prefix,
    cluster: cluster ?? prefix,
    namespace: namespace ?? prefix,
    logGroup: logGroup ?? `/${platformName}/${name}`,
  };
}

type EcsPlace = Partial<Pick<EcsEnvironment, 'cluster' | 'namespace' | 'logGroup'>>;
