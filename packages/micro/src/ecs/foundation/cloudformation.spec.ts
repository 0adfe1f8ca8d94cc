import { minimatch } from 'minimatch';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { keyTag } from '../../image/image-key';
import {
  ENVIRONMENT,
  exampleFoundation,
  SECRET,
  SSM,
  WITHOUT_SECRETS,
} from '../../testing/foundation';
import { cloudformationTemplate } from './cloudformation';
import { KEY_TAGS } from './resources';

interface Template {
  Resources: Record<string, { Type: string; DeletionPolicy?: string; Properties: object }>;
}

function template(text = ENVIRONMENT): Template['Resources'] {
  return (parse(cloudformationTemplate(exampleFoundation(text))) as Template).Resources;
}

it('has what an environment needs before its services, under the names that it is found by', () => {
  const all = template();
  expect(Object.keys(all)).toEqual([
    ...['Namespace', 'Cluster', 'LogGroup', 'OrderItemsRepository'],
    ...['VDash2Repository', 'V2Repository', 'ExecutionRole'],
  ]);
  expect(all).toMatchObject({
    Namespace: { Properties: { Name: 'acme-production' } },
    Cluster: { Properties: { ClusterName: 'acme-production' } },
    LogGroup: { DeletionPolicy: 'Retain', Properties: { LogGroupName: '/acme/production' } },
    OrderItemsRepository: {
      DeletionPolicy: 'Retain',
      Properties: { RepositoryName: 'team/acme/order-items' },
    },
    ExecutionRole: { Properties: { RoleName: 'execution', Path: '/teams/acme/' } },
  });
});

it('lets the execution role read the secrets of the environment, and no other', () => {
  const { ExecutionRole: role } = template();
  expect(role?.Properties).toMatchObject({
    Policies: [
      {
        PolicyDocument: {
          Statement: [
            { Effect: 'Allow', Action: 'ssm:GetParameters', Resource: [SSM] },
            { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: [SECRET] },
          ],
        },
      },
    ],
  });
  const none = template(WITHOUT_SECRETS);
  expect(none['ExecutionRole']?.Properties).not.toHaveProperty('Policies');
});

it('keeps tags of image keys from moving', () => {
  expect(template()['V2Repository']?.Properties).toMatchObject({
    ImageTagMutability: 'MUTABLE_WITH_EXCLUSION',
    ImageTagMutabilityExclusionFilters: [
      {
        ImageTagMutabilityExclusionFilterType: 'WILDCARD',
        ImageTagMutabilityExclusionFilterValue: KEY_TAGS,
      },
    ],
  });
  expect(minimatch(keyTag('0a1b'.repeat(16)), KEY_TAGS)).toBe(true);
});

it('leaves out what is somewhere else', () => {
  const text = ENVIRONMENT.replace(/^registry.*/m, 'registry: reg.example.com')
    .replace('links', 'namespace: arn:aws:servicediscovery:eu-central-1:1:namespace/a\nlinks')
    .replace(/^executionRole.*/m, 'executionRole: execution');
  expect(Object.keys(template(text))).toEqual(['Cluster', 'LogGroup', 'ExecutionRole']);
  expect(template(text)['ExecutionRole']?.Properties).not.toHaveProperty('Path');
});
