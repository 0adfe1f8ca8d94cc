import { compileFunction } from 'node:vm';
import { format } from 'prettier';
import { ModuleKind, transpileModule } from 'typescript';
import { expect, it } from 'vitest';
import { ENVIRONMENT, exampleFoundation } from '../../testing/foundation';
import { cdkClass, cdkProperty, cdkStack, cdkValue } from './cdk';
import { TypeScriptCall } from './literal';

const FOUNDATION = exampleFoundation();

it.each([
  ['AWS::ServiceDiscovery::HttpNamespace', 'servicediscovery.CfnHttpNamespace'],
  ['AWS::ECS::Cluster', 'ecs.CfnCluster'],
  ['AWS::Logs::LogGroup', 'logs.CfnLogGroup'],
  ['AWS::ECR::Repository', 'ecr.CfnRepository'],
  ['AWS::IAM::Role', 'iam.CfnRole'],
  ['AWS::ECS::Service', 'ecs.CfnService'],
])('%s is %s', (type, expected) => {
  const { module, name } = cdkClass(type);
  expect(`${module}.${name}`).toBe(expected);
});

it('has the class of every type that is rendered in the table above', () => {
  const types = new Set(Object.values(FOUNDATION.resources).map(({ Type }) => Type));
  expect([...types].sort()).toEqual([
    ...['AWS::ECR::Repository', 'AWS::ECS::Cluster', 'AWS::IAM::Role', 'AWS::Logs::LogGroup'],
    'AWS::ServiceDiscovery::HttpNamespace',
  ]);
});

it.each([
  ['ClusterName', 'clusterName'],
  ['ImageTagMutabilityExclusionFilters', 'imageTagMutabilityExclusionFilters'],
  ['KMSKeyId', 'kmsKeyId'],
  ['ARN', 'arn'],
])('the property %s is %s', (name, expected) => {
  expect(cdkProperty(name)).toBe(expected);
});

it('changes the keys of properties, however deep, and none of a document', () => {
  const document = { Version: '2012-10-17', Statement: [{ Effect: 'Allow' }] };
  expect(
    cdkValue({
      RoleName: 'Execution',
      AssumeRolePolicyDocument: document,
      Policies: [{ PolicyName: 'secrets', PolicyDocument: document }],
      ManagedPolicyArns: [{ 'Fn::Sub': 'arn:${AWS::Partition}:a' }],
      Tags: [{ Key: 'K', Value: 'V' }],
    }),
  ).toEqual({
    roleName: 'Execution',
    assumeRolePolicyDocument: document,
    policies: [{ policyName: 'secrets', policyDocument: document }],
    managedPolicyArns: [new TypeScriptCall('Fn.sub', 'arn:${AWS::Partition}:a')],
    tags: [{ key: 'K', value: 'V' }],
  });
});

it.each([
  ['the example', ENVIRONMENT],
  ['names with quotes', `${ENVIRONMENT}namespace: "it's-\${x}-\\"y\\"-\\\\z"\n`],
])('makes what the template has: %s', (_, environment) => {
  const foundation = exampleFoundation(environment);
  const { made, stacks } = run(cdkStack(foundation));
  const expected = Object.entries(foundation.resources).map(([id, resource]) => {
    const { module, name } = cdkClass(resource.Type);
    const { DeletionPolicy: kept } = resource;
    return [id, `${module}.${name}`, plain(cdkValue(resource.Properties)), kept ?? 'Delete'];
  });
  expect(made).toEqual(expected);
  expect(stacks).toEqual([
    [
      'acme-production',
      {
        description: 'What acme-production needs before its services',
        env: { region: 'eu-central-1' },
      },
    ],
  ]);
});

it('is written as Prettier leaves it', async () => {
  const text = cdkStack(FOUNDATION);
  expect(await format(text, { parser: 'typescript', singleQuote: true })).toBe(text);
});

/** Runs a program of the CDK with stand-ins, which record what it makes. */
function run(program: string) {
  const made: unknown[] = [];
  const stacks: unknown[] = [];
  const construct = (name: string) =>
    class {
      private readonly entry: unknown[];
      constructor(_: unknown, id: string, props: object) {
        this.entry = [id, name, props, 'Delete'];
        made.push(this.entry);
      }
      applyRemovalPolicy(policy: unknown) {
        this.entry[3] = policy;
      }
    };
  const core = {
    App: class {},
    Stack: class {
      constructor(_: unknown, id: string, props: object) {
        stacks.push([id, props]);
      }
    },
    Fn: { sub: (text: string) => ({ 'Fn::Sub': text }) },
    RemovalPolicy: { RETAIN: 'Retain' },
  };
  const modules = (path: string): unknown => {
    if (path === 'aws-cdk-lib') return core;
    const module = /^aws-cdk-lib\/aws-(\w+)$/.exec(path)![1]!;
    return new Proxy({}, { get: (_, name) => construct(`${module}.${String(name)}`) });
  };
  const { outputText } = transpileModule(program, {
    compilerOptions: { module: ModuleKind.CommonJS },
  });
  const main = compileFunction(outputText, ['require', 'exports']) as (...given: unknown[]) => void;
  main(modules, {});
  return { made, stacks };
}

/** What the calls in it come to. */
function plain(value: unknown): unknown {
  const text = JSON.stringify(value, (_, inside: unknown) =>
    inside instanceof TypeScriptCall ? { 'Fn::Sub': inside.text } : inside,
  );
  return JSON.parse(text);
}
