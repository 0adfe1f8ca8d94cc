import type { EcsEnvironment } from '../../platform/ecs-environment';
import { elsewhere } from '../../platform/environment';
import { parseImageReference, serviceRepository } from '../../platform/image-reference';
import type { Platform } from '../../platform/platform';
import { scopeOf, tagsOf, type EcsScope } from '../names';

/** What an environment needs before its services: the one description that every format is written from. */
export interface Foundation {
  /** `acme-production`: of the stack, and what the names in it begin with. */
  name: string;
  description: string;
  /** The AWS region that it is made in. */
  region: string;
  /** By their logical names, as in a CloudFormation template. */
  resources: Readonly<Record<string, FoundationResource>>;
}

/** A resource as CloudFormation names its type and its properties. */
export type FoundationResource =
  | Resource<'AWS::ServiceDiscovery::HttpNamespace', { Name: string }>
  | Resource<'AWS::ECS::Cluster', { ClusterName: string }>
  | Resource<'AWS::Logs::LogGroup', { LogGroupName: string; RetentionInDays: number }>
  | Resource<'AWS::ECR::Repository', RepositoryProperties>
  | Resource<'AWS::IAM::Role', RoleProperties>;

export type FoundationType = FoundationResource['Type'];

/** The resource of one type. */
export type FoundationResourceOf<Type extends FoundationType> = Extract<
  FoundationResource,
  { Type: Type }
>;

interface Resource<Type extends string, Properties> {
  Type: Type;
  /** What holds images or logs outlives the stack. */
  DeletionPolicy?: 'Retain';
  UpdateReplacePolicy?: 'Retain';
  Properties: Properties & { Tags: readonly Tag[] };
}

export interface Tag {
  Key: string;
  Value: string;
}

interface RepositoryProperties {
  RepositoryName: string;
  ImageTagMutability: 'MUTABLE_WITH_EXCLUSION';
  ImageTagMutabilityExclusionFilters: readonly {
    ImageTagMutabilityExclusionFilterType: 'WILDCARD';
    ImageTagMutabilityExclusionFilterValue: string;
  }[];
  ImageScanningConfiguration: { ScanOnPush: boolean };
}

interface RoleProperties {
  RoleName: string;
  Path?: string;
  AssumeRolePolicyDocument: PolicyDocument;
  ManagedPolicyArns: readonly [Substituted];
  Policies?: readonly [{ PolicyName: string; PolicyDocument: PolicyDocument }];
}

export interface PolicyDocument {
  Version: '2012-10-17';
  Statement: readonly {
    Effect: 'Allow';
    Principal?: { Service: string };
    Action: string;
    Resource?: readonly string[];
  }[];
}

/** A text with `${AWS::Partition}` in it: `aws`, or that of China or a government. */
export interface Substituted {
  'Fn::Sub': string;
}

const KEPT = { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' } as const;

/** The tags of image keys. */
export const KEY_TAGS = 'k-*';

/**
 * What has to exist once, as far as it is nobody else's: the cluster, the namespace, the log group, a repository for each
 * service and the execution role. What the environment names by an ARN of its own, and everything of the VPC, is not in it.
 */
export function foundationOf(platform: Platform, environment: EcsEnvironment): Foundation {
  const scope = scopeOf(platform, environment);
  return {
    name: scope.prefix,
    description: `What ${scope.prefix} needs before its services`,
    region: scope.region,
    resources: {
      ...network(scope),
      LogGroup: {
        Type: 'AWS::Logs::LogGroup',
        ...KEPT,
        Properties: { LogGroupName: scope.logGroup, RetentionInDays: 30, Tags: tags(scope) },
      },
      ...repositories(scope, platform, environment),
      ExecutionRole: executionRole(scope, environment),
    },
  };
}

/** The namespace is one of ours unless the environment names it by an ARN. */
function network(scope: EcsScope): Record<string, FoundationResource> {
  const { cluster, namespace } = scope;
  const isOurs = !namespace.startsWith('arn:');
  return {
    ...(isOurs
      ? {
          Namespace: {
            Type: 'AWS::ServiceDiscovery::HttpNamespace',
            Properties: { Name: namespace, Tags: tags(scope) },
          },
        }
      : {}),
    Cluster: {
      Type: 'AWS::ECS::Cluster',
      Properties: { ClusterName: cluster, Tags: tags(scope) },
    },
  };
}

/** Only in ECR do repositories have to be made. A tag of an image key never moves; others may. */
function repositories(
  scope: EcsScope,
  platform: Platform,
  environment: EcsEnvironment,
): Record<string, FoundationResource> {
  const { registry } = environment;
  if (!registry.includes('.dkr.ecr.')) return {};
  const services = platform.services.filter(({ name }) => !elsewhere(environment, name));
  return Object.fromEntries(
    services.map(({ name }) => {
      const reference = serviceRepository(platform.name, name, registry);
      const repository: FoundationResource = {
        Type: 'AWS::ECR::Repository',
        ...KEPT,
        Properties: {
          RepositoryName: parseImageReference(reference).repository,
          ImageTagMutability: 'MUTABLE_WITH_EXCLUSION',
          ImageTagMutabilityExclusionFilters: [
            {
              ImageTagMutabilityExclusionFilterType: 'WILDCARD',
              ImageTagMutabilityExclusionFilterValue: KEY_TAGS,
            },
          ],
          ImageScanningConfiguration: { ScanOnPush: true },
          Tags: tags(scope, name),
        },
      };
      return [`${logicalName(name)}Repository`, repository];
    }),
  );
}

/** It may pull, log, and read exactly the secrets that the environment names. */
function executionRole(
  scope: EcsScope,
  { executionRole: role, services }: EcsEnvironment,
): FoundationResource {
  const arns = Object.values(services).flatMap(({ secrets }) => Object.values(secrets));
  const unique = [...new Set(arns.map(withoutKey))].sort();
  const parameters = unique.filter((arn) => arn.split(':')[2] === 'ssm');
  const secrets = unique.filter((arn) => arn.split(':')[2] === 'secretsmanager');
  const statement = (Action: string, Resource: readonly string[]) =>
    Resource.length === 0 ? [] : [{ Effect: 'Allow' as const, Action, Resource }];
  const statements = [
    ...statement('ssm:GetParameters', parameters),
    ...statement('secretsmanager:GetSecretValue', secrets),
  ];
  const managed = 'iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy';
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      RoleName: role.split('/').at(-1)!,
      ...pathOf(role),
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: 'ecs-tasks.amazonaws.com' },
            Action: 'sts:AssumeRole',
          },
        ],
      },
      ManagedPolicyArns: [{ 'Fn::Sub': `arn:\${AWS::Partition}:${managed}` }],
      ...(statements.length === 0
        ? {}
        : {
            Policies: [
              {
                PolicyName: 'secrets',
                PolicyDocument: { Version: '2012-10-17', Statement: statements },
              },
            ],
          }),
      Tags: tags(scope),
    },
  };
}

/** `role/teams/shop/execution` is in the path `/teams/shop/`. */
function pathOf(role: string): { Path?: string } {
  const [, ...folders] = role.split('/').slice(0, -1);
  return folders.length === 0 ? {} : { Path: `/${folders.join('/')}/` };
}

/** An ARN of Secrets Manager may go on with a key of its JSON, a stage and a version. */
function withoutKey(arn: string): string {
  const parts = arn.split(':');
  return parts[2] === 'secretsmanager' ? parts.slice(0, 7).join(':') : arn;
}

function tags(scope: EcsScope, entry = 'platform'): Tag[] {
  return tagsOf(scope, entry).map(({ key, value }) => ({ Key: key, Value: value }));
}

/**
 * Of letters and digits, another one for each name: `order-items` -> `OrderItems`. A digit has no capital that would
 * show the hyphen before it, so `v-2` -> `VDash2`; and `v-dash2`, which would be the same -> `VDashdash2`.
 */
function logicalName(name: string): string {
  return name
    .replaceAll(/-(?=(?:dash)*\d)/g, 'Dash')
    .split('-')
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join('');
}
