import { cpSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { startSimulatedAws, type SimulatedAws } from '../../../../../tools/aws/simulated-aws';
import { describeEngine } from '../../../../../tools/testing/describe-engine';
import { renderCommand } from '../../commands/render/command';
import type { Command } from '../../commands/shell';
import { statusCommand } from '../../commands/status/command';
import { statusSchema } from '../../commands/status/document';
import { EcsWorkspace } from '../../testing/ecs-workspace';
import { runCommand } from '../../testing/shell';

const REPOSITORY = resolve(__dirname, '../../../../..');

/** The services of apps/, providers first. */
const ALL = ['users', 'inventory', 'payments', 'notifications', 'orders', 'gateway'];

/** What has a value of its own in each environment: those with passwords or keys in their Compose files. */
const SECRETS: Readonly<Record<string, readonly string[]>> = {
  users: ['DATABASE_URL'],
  inventory: ['DATABASE_URL', 'CALLER_ORDERS_KEY', 'CALLER_GATEWAY_KEY'],
  payments: ['DATABASE_URL', 'BROKER_URL'],
  notifications: ['CACHE_REDIS_URL', 'BROKER_URL'],
  orders: ['DATABASE_URL', 'CACHE_REDIS_URL', 'BROKER_URL', 'MICROSERVICE_INVENTORY_KEY'],
  gateway: ['RATE_LIMIT_REDIS_URL', 'MICROSERVICE_INVENTORY_KEY'],
};

/** What moto has from the start. */
interface Network {
  Subnets: { SubnetId: string }[];
  SecurityGroups: { GroupId: string }[];
}

/** Some fifty calls of the AWS CLI in one deploy. It starts slowly: minutes on a busy machine. */
const TIME_LIMIT = 15 * 60_000;

// moto runs no container: what a task does is in the specs with a recording runner.
describeEngine('ecs-deploy of the reference platform to a simulated AWS', () => {
  let simulated: SimulatedAws;
  let workspace: EcsWorkspace;

  beforeAll(async () => {
    simulated = await startSimulatedAws();
    for (const [name, value] of Object.entries(simulated.env)) vi.stubEnv(name, value);
    const { aws } = simulated;
    const role = ['--role-name', 'execution', '--assume-role-policy-document', '{}'];
    const [{ Subnets }, { SecurityGroups }] = (await Promise.all([
      aws('ec2', 'describe-subnets'),
      aws('ec2', 'describe-security-groups'),
      aws('ecs', 'create-cluster', '--cluster-name', 'org-production'),
      aws('iam', 'create-role', ...role),
    ])) as [Network, Network, unknown, unknown];
    workspace = new EcsWorkspace('org', {
      subnet: Subnets[0]!.SubnetId,
      securityGroup: SecurityGroups[0]!.GroupId,
      more: `services:\n${ALL.map(servicePart).join('')}`,
    });
    for (const path of ['apps', 'observability', 'compose.yaml', 'package.json']) {
      cpSync(join(REPOSITORY, path), join(workspace.root, path), {
        recursive: true,
        filter: (from) => !/[\\/](?:node_modules|dist)$/.test(from),
      });
    }
    for (const name of ALL) workspace.push(name, 'a');
  });

  beforeEach(() => void simulated.calls());

  afterAll(async () => {
    vi.unstubAllEnvs();
    workspace.remove();
    await simulated.stop();
  });

  /** The calls since this was asked last that change something, beside those of the lock, and how many of each. */
  function written(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const call of simulated.calls()) {
      if (/^(?:List|Describe|Get)|Parameter$/.test(call)) continue;
      counts[call] = (counts[call] ?? 0) + 1;
    }
    return counts;
  }

  /** The last revision of each task definition. */
  async function registered(): Promise<Record<string, number>> {
    const { taskDefinitionArns } = (await simulated.aws('ecs', 'list-task-definitions')) as {
      taskDefinitionArns: string[];
    };
    const revisions = taskDefinitionArns.map((arn): [family: string, revision: number] => {
      const [family, revision] = arn.split('/org-production-')[1]!.split(':');
      return [family!, Number(revision)];
    });
    return Object.fromEntries(revisions);
  }

  async function micro(command: Command, options = ''): Promise<string> {
    return (await runCommand(command, workspace.root, `-e production ${options}`)).output;
  }

  it(
    'creates all services, and runs their migrations before',
    { timeout: TIME_LIMIT },
    async () => {
      const { success, output } = await workspace.deploy(ALL);
      expect(output).toMatch(/production {2}done {2}6 created/);
      expect(success).toBe(true);
      expect(output).toMatch(/orders {2}ran {2}orders-migrate\n[^]*orders {2}deployed {2}r1/);
      expect(written()).toEqual({
        ...{ RegisterTaskDefinition: 10, RunTask: 4, CreateService: 6, TagResource: 6 },
        ...{ RegisterScalableTarget: 1, PutScalingPolicy: 1 },
      });
      expect(await simulated.aws('ssm', 'describe-parameters')).toEqual({ Parameters: [] });
    },
  );

  it(
    'changes nothing the second time, and status and render agree',
    { timeout: TIME_LIMIT },
    async () => {
      const { output } = await workspace.deploy(ALL);
      expect(output).toMatch(/production {2}up to date {2}6 kept/);
      expect(simulated.calls()).toEqual(['ListServices', 'DescribeServices']);

      const { services } = statusSchema.parse(JSON.parse(await micro(statusCommand, '--json')));
      expect(services.map(({ name }) => name).sort()).toEqual([...ALL].sort());
      for (const { key, wantedKey, drift } of services) {
        expect(key).toBe(wantedKey);
        // moto starts no task of a service.
        expect(drift).toEqual(['0 of 1 replicas']);
      }
      expect(await micro(renderCommand)).toMatch(/production {2}22 files, changed: /);
      expect(await micro(renderCommand)).toMatch(/production {2}22 files, none changed$/);
      expect(written()).toEqual({});
    },
  );

  it('registers and updates only what changed', { timeout: TIME_LIMIT }, async () => {
    workspace.push('notifications', 'b');
    const { output } = await workspace.deploy(ALL);
    expect(output).toMatch(/production {2}done {2}1 updated, 5 kept/);
    expect(written()).toEqual({ RegisterTaskDefinition: 1, UpdateService: 1, TagResource: 1 });
  });

  it('registers the migration of what changed, too', { timeout: TIME_LIMIT }, async () => {
    workspace.push('orders', 'b');
    const { output } = await workspace.deploy(ALL);
    expect(output).toMatch(/production {2}done {2}1 updated, 5 kept/);
    expect(written()).toEqual({
      ...{ RegisterTaskDefinition: 2, RunTask: 1, UpdateService: 1, TagResource: 1 },
    });
    expect(await registered()).toEqual({
      ...{ users: 1, inventory: 1, payments: 1, notifications: 2, orders: 2, gateway: 1 },
      ...{ 'users-migrate': 1, 'inventory-migrate': 1, 'payments-migrate': 1, 'orders-migrate': 2 },
    });
  });

  it('goes back, and repeats a call that AWS throttles', { timeout: TIME_LIMIT }, async () => {
    simulated.throttle('UpdateService', { status: 429, times: 2 });
    const { output } = await workspace.deploy(['orders'], { rollback: true });
    expect(output).toContain('update   orders  back to r1 from r2');
    expect(output).toContain('orders  deployed  r1 in production');
    expect(written()).toEqual({ UpdateService: 3, TagResource: 1 });
  });
});

/** Its part of the environment. */
function servicePart(name: string): string {
  const arn = `arn:aws:ssm:eu-central-1:123456789012:parameter/org/${name}`;
  const secrets = SECRETS[name]!.map((variable) => `      ${variable}: ${arn}/${variable}\n`);
  const more = name === 'gateway' ? '    autoscale: { max: 3, cpu: 70 }\n' : '';
  return `  ${name}:\n${more}    secrets:\n${secrets.join('')}`;
}
