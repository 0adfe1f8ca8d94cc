import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { recordingRunner } from '../../testing/recording-runner';
import { runCommand } from '../../testing/shell';
import { temporaryWorkspace } from '../../testing/temporary-workspace';
import { renderCommand } from './command';

const ENVIRONMENT = `engine: ecs
region: eu-central-1
registry: reg.example.com
subnets: [subnet-0a]
securityGroups: [sg-0a]
executionRole: execution
services:
  orders:
    secrets:
      API_URL: arn:aws:ssm:eu-central-1:123456789012:parameter/acme/api
`;

const WRITTEN = { services: { orders: { environment: { API_URL: 'https://${PASSWORD}@api' } } } };

function workspace(environment = ENVIRONMENT, manifest = 'port: 3001\n', pushed = true): string {
  const root = temporaryWorkspace({
    'package.json': JSON.stringify({ name: '@acme/source' }),
    'compose.yaml': '',
    'apps/orders/service.yml': manifest,
    'apps/orders/package.json': JSON.stringify({ name: 'orders' }),
    'apps/orders/Dockerfile': 'FROM node:24\nHEALTHCHECK CMD ["node", "check.js"]\n',
    'apps/orders/compose.yaml': 'services:\n  orders:\n    image: a\n    env_file: a.env\n',
    'environments/production.yml': environment,
  });
  if (!pushed) return root;
  const file = join(root, 'dist/receipts/apps/orders/docker-push.production.json');
  mkdirSync(dirname(file), { recursive: true });
  const image = { image: 'reg.example.com/acme/orders:k-1', digest: `sha256:${'a'.repeat(64)}` };
  const what = { kind: 'pushed', service: 'orders', key: 'k', environment: 'production' };
  writeFileSync(file, JSON.stringify({ ...what, ...image, tags: [], since: '2026-11-27' }));
  return root;
}

const run = (root: string, line = '-e production', written: object = WRITTEN) => {
  const runner = recordingRunner(() => ({ stdout: JSON.stringify(written) }));
  return runCommand(renderCommand, root, line, { runner });
};

it('writes a file for each call, with the image that was pushed and no secret', async () => {
  const root = workspace();
  expect((await run(root)).output).toBe(
    'dist/ecs/production  2 files, changed: orders.service.json, orders.task-definition.json',
  );
  const file = join(root, 'dist/ecs/production/orders.task-definition.json');
  const text = readFileSync(file, 'utf8');
  const { containerDefinitions } = JSON.parse(text) as { containerDefinitions: object[] };
  expect(containerDefinitions).toMatchObject([
    {
      image: `reg.example.com/acme/orders:k-1@sha256:${'a'.repeat(64)}`,
      healthCheck: { command: ['CMD', 'node', 'check.js'] },
      secrets: [{ name: 'API_URL' }],
    },
  ]);
  expect(text).not.toContain('PASSWORD');
  expect((await run(root)).output).toBe('dist/ecs/production  2 files, none changed');
  expect(JSON.parse((await run(root, '-e production --json')).output)).toEqual({
    folder: 'dist/ecs/production',
    files: ['orders.task-definition.json', 'orders.service.json'],
    changed: [],
  });
});

it('prints what has to exist once, before anything was pushed', async () => {
  const root = workspace(ENVIRONMENT, 'port: 3001\n', false);
  const { output } = await run(root, '-e production --format=cloudformation');
  expect(Object.keys((parse(output) as { Resources: object }).Resources)).toEqual([
    ...['Namespace', 'Cluster', 'LogGroup', 'ExecutionRole'],
  ]);
  expect(existsSync(join(root, 'dist/ecs'))).toBe(false);
});

it('prints the same for the CDK', async () => {
  const { output } = await run(workspace(), '-e production --format=cdk');
  expect([...output.matchAll(/new (\w+\.Cfn\w+)\(this, '(\w+)'/g)].map(([, name]) => name)).toEqual(
    [...['servicediscovery.CfnHttpNamespace', 'ecs.CfnCluster', 'logs.CfnLogGroup', 'iam.CfnRole']],
  );
});

it('prints the same for Terraform', async () => {
  const root = workspace(ENVIRONMENT, 'port: 3001\n', false);
  const { output } = await run(root, '-e production --format=terraform');
  expect([...output.matchAll(/^resource "(\w+)"/gm)].map(([, type]) => type)).toEqual([
    ...['aws_service_discovery_http_namespace', 'aws_ecs_cluster', 'aws_cloudwatch_log_group'],
    ...['aws_iam_role', 'aws_iam_role_policy_attachment', 'aws_iam_role_policy'],
  ]);
  expect(existsSync(join(root, 'dist/ecs'))).toBe(false);
});

it.each<[string, string, () => Promise<unknown>]>([
  [
    'a variable of .env',
    'environments/production.yml:8: services.orders has no OTHER: its value is in .env, which no task has. Add its ARN under "secrets"',
    () =>
      run(workspace(), '-e production', {
        services: { orders: { environment: { OTHER: '${O}' } } },
      }),
  ],
  [
    'a setting that would be lost',
    'apps/orders/compose.yaml:4: "env_file" of orders is not rendered for ECS',
    () => run(workspace(), '-e production', { services: { orders: { env_file: ['/a.env'] } } }),
  ],
  [
    'a size that there is not',
    'apps/orders/service.yml:2: Fargate has no size with 0.5 CPUs and 256M of memory: with 0.5 CPUs, choose from 1G, 2G, 3G, 4G. For ECS alone, set "resources" of services.orders in environments/production.yml',
    () => run(workspace(ENVIRONMENT, 'port: 3001\nresources: { cpus: 0.5, memory: 256M }\n')),
  ],
  [
    'an image that was not pushed',
    'nothing of orders was pushed for production yet: run nx run-many -t docker-push -c production --projects=orders',
    () => run(workspace(ENVIRONMENT, 'port: 3001\n', false)),
  ],
  [
    'a format that there is not',
    '--format=pulumi is not known: the formats are cloudformation, terraform, cdk',
    () => run(workspace(), '-e production --format=pulumi'),
  ],
  [
    'a format for Compose',
    '--format=terraform is for an environment with "engine: ecs": the engine of environments/production.yml is compose',
    () => run(workspace('registry: reg.example.com\n'), '-e production --format=terraform'),
  ],
  [
    'a format for a cluster',
    '--format=cloudformation is for an environment with "engine: ecs": the engine of environments/production.yml is kubernetes',
    () =>
      run(
        workspace('engine: kubernetes\ncontext: a\nnamespace: b\nregistry: reg.example.com\n'),
        '-e production --format=cloudformation',
      ),
  ],
  [
    'a format beside a folder',
    '--format=terraform prints what it renders: give no other option with it',
    () => run(workspace(), '-e production --format=terraform --out=dist/x'),
  ],
  [
    'values of secrets',
    '--secrets is for a cluster',
    () => run(workspace(), '-e production --secrets'),
  ],
])('says where it is wrong: %s', async (_, message, work) => {
  await expect(work()).rejects.toThrow(message);
});
