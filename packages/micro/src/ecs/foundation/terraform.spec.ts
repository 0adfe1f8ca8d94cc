import { expect, it } from 'vitest';
import { exampleFoundation, SECRET, SSM, WITHOUT_SECRETS } from '../../testing/foundation';
import { formatHcl } from './hcl';
import type { FoundationResource } from './resources';
import { TERRAFORM, terraformFile, terraformResources } from './terraform';

const FOUNDATION = exampleFoundation();
const FILE = terraformFile(FOUNDATION);

const labelsOf = (name: string, resource: FoundationResource) =>
  terraformResources(name, resource).map(({ labels }) => labels!.join('.'));

it('has a translation of its own for every type that is rendered', () => {
  const rendered = new Set(Object.values(FOUNDATION.resources).map(({ Type }) => Type));
  expect(Object.keys(TERRAFORM).sort()).toEqual([...rendered].sort());
  const labels = Object.entries(FOUNDATION.resources).map(([name, resource]) => [
    `${name} ${resource.Type}`,
    ...labelsOf(name, resource),
  ]);
  expect(labels).toEqual([
    [
      'Namespace AWS::ServiceDiscovery::HttpNamespace',
      'aws_service_discovery_http_namespace.namespace',
    ],
    ['Cluster AWS::ECS::Cluster', 'aws_ecs_cluster.cluster'],
    ['LogGroup AWS::Logs::LogGroup', 'aws_cloudwatch_log_group.log_group'],
    ['OrderItemsRepository AWS::ECR::Repository', 'aws_ecr_repository.order_items'],
    ['VDash2Repository AWS::ECR::Repository', 'aws_ecr_repository.v_dash2'],
    ['V2Repository AWS::ECR::Repository', 'aws_ecr_repository.v2'],
    [
      'ExecutionRole AWS::IAM::Role',
      'aws_iam_role.execution_role',
      'aws_iam_role_policy_attachment.execution_role',
      'aws_iam_role_policy.execution_role_secrets',
    ],
  ]);
});

it.each(['AWS::ECS::Service', 'constructor'])('names a type without a translation: %s', (Type) => {
  const resource = { Type, Properties: {} } as unknown as FoundationResource;
  expect(() => terraformResources('Api', resource)).toThrow(`${Type} has no resource of Terraform`);
});

it('names the provider with its version, and the region', () => {
  expect(FILE).toContain(`# Written by \`micro render --format=terraform\`: what has to exist once.
# What acme-production needs before its services.

terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.25"
    }
  }
}

provider "aws" {
  region = "eu-central-1"
}
`);
});

it('refers to what the file makes, and has everything that it refers to', () => {
  const made = [...FILE.matchAll(/^resource "(\w+)" "(\w+)"/gm)].map(([, type, name]) => {
    return `${type}.${name}`;
  });
  const named = [...FILE.matchAll(/\b(?<!data\.)(aws_\w+\.\w+)\.\w+/g)].map(([, name]) => name);
  expect(new Set(made).size).toBe(made.length);
  expect(named).toEqual(['aws_iam_role.execution_role', 'aws_iam_role.execution_role']);
  expect(made).toEqual(expect.arrayContaining(named));
  expect(FILE).toContain('data "aws_partition" "current" {}');
  expect(FILE.match(/data\.aws_partition\.current\.partition/g)).toHaveLength(1);
  // The role by its name, which is a literal only where it is made.
  expect(FILE.match(/"execution"/g)).toHaveLength(1);
});

it('writes the names that ecs-deploy looks for, and keeps images and logs', () => {
  const { resources } = FOUNDATION;
  const blocks = (name: string) => formatHcl(terraformResources(name, resources[name]!));
  const tags = (entry: string) => `  tags = {
    "org.micro/platform"    = "acme"
    "org.micro/environment" = "production"
    "org.micro/entry"       = "${entry}"
  }`;
  expect(blocks('Namespace')).toBe(
    `resource "aws_service_discovery_http_namespace" "namespace" {
  name = "acme-production"
${tags('platform')}
}
`,
  );
  expect(blocks('LogGroup')).toBe(`resource "aws_cloudwatch_log_group" "log_group" {
  name              = "/acme/production"
  retention_in_days = 30
  skip_destroy      = true
${tags('platform')}
}
`);
  expect(blocks('OrderItemsRepository')).toBe(`resource "aws_ecr_repository" "order_items" {
  name                 = "team/acme/order-items"
  image_tag_mutability = "MUTABLE_WITH_EXCLUSION"
${tags('order-items')}

  image_tag_mutability_exclusion_filter {
    filter      = "k-*"
    filter_type = "WILDCARD"
  }

  image_scanning_configuration {
    scan_on_push = true
  }

  lifecycle {
    prevent_destroy = true
  }
}
`);
});

it('gives the role its policies, and no more than the secrets of the environment', () => {
  expect(FILE).toContain(`resource "aws_iam_role" "execution_role" {
  name = "execution"
  path = "/teams/acme/"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
`);
  expect(FILE).toContain(`resource "aws_iam_role_policy_attachment" "execution_role" {
  role       = aws_iam_role.execution_role.name
  policy_arn = "arn:\${data.aws_partition.current.partition}:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
}

resource "aws_iam_role_policy" "execution_role_secrets" {
  name = "secrets"
  role = aws_iam_role.execution_role.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = "ssm:GetParameters"
        Resource = ["${SSM}"]
      },
      {
        Effect   = "Allow"
        Action   = "secretsmanager:GetSecretValue"
        Resource = ["${SECRET}"]
      },
    ]
  })
}
`);
  const none = exampleFoundation(
    WITHOUT_SECRETS.replace(/^executionRole.*/m, 'executionRole: execution'),
  );
  expect(terraformFile(none)).not.toMatch(/aws_iam_role_policy"|path +=/);
});
