import {
  formatHcl,
  HclExpression,
  hclTemplate,
  jsonEncoded,
  type HclBlock,
  type HclValue,
} from './hcl';
import type {
  Foundation,
  FoundationResource,
  FoundationResourceOf,
  FoundationType,
  PolicyDocument,
  Substituted,
  Tag,
} from './resources';

/** The names of all resources and attributes below are those of 6.25.0; see docs/ecs.md. */
export const AWS_PROVIDER = { source: 'hashicorp/aws', version: '~> 6.25' } as const;

const PARTITION = new HclExpression('data.aws_partition.current.partition');

/** `main.tf`: what an environment needs before its services, as resources of the provider of AWS. */
export function terraformFile(foundation: Foundation): string {
  const resources = Object.entries(foundation.resources);
  return [
    '# Written by `micro render --format=terraform`: what has to exist once.',
    `# ${foundation.description}.`,
    '',
    formatHcl([
      {
        type: 'terraform',
        blocks: [{ type: 'required_providers', attributes: { aws: AWS_PROVIDER } }],
      },
      { type: 'provider', labels: ['aws'], attributes: { region: foundation.region } },
      { type: 'data', labels: ['aws_partition', 'current'] },
      ...resources.flatMap(([name, resource]) => terraformResources(name, resource)),
    ]),
  ].join('\n');
}

/** What one resource of CloudFormation is in Terraform. */
type Translation<Type extends FoundationType> = (
  name: string,
  resource: FoundationResourceOf<Type>,
) => readonly HclBlock[];

/** Of every type that there is: nothing is translated by a rule. */
export const TERRAFORM: { readonly [Type in FoundationType]: Translation<Type> } = {
  'AWS::ServiceDiscovery::HttpNamespace': (name, { Properties: { Name, Tags } }) => [
    resourceOf('aws_service_discovery_http_namespace', localName(name), {
      name: Name,
      tags: tagMap(Tags),
    }),
  ],

  'AWS::ECS::Cluster': (name, { Properties: { ClusterName, Tags } }) => [
    resourceOf('aws_ecs_cluster', localName(name), { name: ClusterName, tags: tagMap(Tags) }),
  ],

  'AWS::Logs::LogGroup': (name, { DeletionPolicy, Properties }) => [
    resourceOf('aws_cloudwatch_log_group', localName(name), {
      name: Properties.LogGroupName,
      retention_in_days: Properties.RetentionInDays,
      ...(DeletionPolicy ? { skip_destroy: true } : {}),
      tags: tagMap(Properties.Tags),
    }),
  ],

  'AWS::ECR::Repository': (name, { DeletionPolicy, Properties }) => [
    {
      ...resourceOf('aws_ecr_repository', localName(name.replace(/Repository$/, '')), {
        name: Properties.RepositoryName,
        image_tag_mutability: Properties.ImageTagMutability,
        tags: tagMap(Properties.Tags),
      }),
      blocks: [
        ...Properties.ImageTagMutabilityExclusionFilters.map((filter) =>
          nested('image_tag_mutability_exclusion_filter', {
            filter: filter.ImageTagMutabilityExclusionFilterValue,
            filter_type: filter.ImageTagMutabilityExclusionFilterType,
          }),
        ),
        nested('image_scanning_configuration', {
          scan_on_push: Properties.ImageScanningConfiguration.ScanOnPush,
        }),
        ...(DeletionPolicy ? [nested('lifecycle', { prevent_destroy: true })] : []),
      ],
    },
  ],

  // The role's own arguments for policies are deprecated: each policy is a resource that refers to the role.
  'AWS::IAM::Role': (name, { Properties }) => {
    const local = localName(name);
    const role = new HclExpression(`aws_iam_role.${local}.name`);
    return [
      resourceOf('aws_iam_role', local, {
        name: Properties.RoleName,
        ...(Properties.Path === undefined ? {} : { path: Properties.Path }),
        assume_role_policy: policyText(Properties.AssumeRolePolicyDocument),
        tags: tagMap(Properties.Tags),
      }),
      ...Properties.ManagedPolicyArns.map((arn) =>
        resourceOf('aws_iam_role_policy_attachment', local, { role, policy_arn: substituted(arn) }),
      ),
      ...(Properties.Policies ?? []).map(({ PolicyName, PolicyDocument: document }) =>
        resourceOf('aws_iam_role_policy', `${local}_${PolicyName}`, {
          name: PolicyName,
          role,
          policy: policyText(document),
        }),
      ),
    ];
  },
};

/** @throws {Error} naming a type that has no counterpart. */
export function terraformResources(
  name: string,
  resource: FoundationResource,
): readonly HclBlock[] {
  const { Type } = resource;
  if (!Object.hasOwn(TERRAFORM, Type)) throw new Error(`${Type} has no resource of Terraform`);
  return (TERRAFORM[Type] as Translation<FoundationType>)(name, resource);
}

function resourceOf(
  type: string,
  name: string,
  attributes: Readonly<Record<string, HclValue>>,
): HclBlock {
  return { type: 'resource', labels: [type, name], attributes };
}

function nested(type: string, attributes: Readonly<Record<string, HclValue>>): HclBlock {
  return { type, attributes };
}

/** `ExecutionRole` -> `execution_role` */
function localName(name: string): string {
  return name.replaceAll(/(?!^)[A-Z]/g, '_$&').toLowerCase();
}

function tagMap(tags: readonly Tag[]): Record<string, string> {
  return Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value]));
}

function policyText({ Version, Statement }: PolicyDocument): HclExpression {
  return jsonEncoded({ Version, Statement: Statement.map((statement) => ({ ...statement })) });
}

function substituted({ 'Fn::Sub': text }: Substituted): HclExpression {
  const [before, ...rest] = text.split('${AWS::Partition}');
  return hclTemplate(before!, ...rest.flatMap((part) => [PARTITION, part]));
}
