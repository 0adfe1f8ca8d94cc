import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { startSimulatedAws, type SimulatedAws } from '../../../../../tools/aws/simulated-aws';
import { describeEngine } from '../../../../../tools/testing/describe-engine';
import { EcsWorkspace } from '../../testing/ecs-workspace';

/** What moto has from the start. */
interface Network {
  Subnets: { SubnetId: string }[];
  SecurityGroups: { GroupId: string }[];
}

/** About fifty calls of the AWS CLI, which starts slowly: minutes on a busy machine. */
const TIME_LIMIT = 15 * 60_000;

// moto runs no container: what a task does is in the specs with a recording runner.
describeEngine('ecs-deploy against a simulated AWS', () => {
  let simulated: SimulatedAws;
  let workspace: EcsWorkspace;

  beforeAll(async () => {
    simulated = await startSimulatedAws();
    for (const [name, value] of Object.entries(simulated.env)) vi.stubEnv(name, value);
    const { aws } = simulated;
    const platform = `spec-${randomUUID().slice(0, 8)}`;
    const [{ Subnets }, { SecurityGroups }] = (await Promise.all([
      aws('ec2', 'describe-subnets'),
      aws('ec2', 'describe-security-groups'),
      aws('ecs', 'create-cluster', '--cluster-name', `${platform}-production`),
      aws(
        'iam',
        'create-role',
        ...['--role-name', 'execution'],
        '--assume-role-policy-document',
        '{}',
      ),
    ])) as [Network, Network, unknown, unknown];
    workspace = new EcsWorkspace(platform, {
      subnet: Subnets[0]!.SubnetId,
      securityGroup: SecurityGroups[0]!.GroupId,
    });
    workspace.addService('users', 3001);
    workspace.addService('orders', 3002, 'consumes: [users]\n');
  });

  afterAll(async () => {
    vi.unstubAllEnvs();
    workspace.remove();
    await simulated.stop();
  });

  const ALL = ['users', 'orders'];

  /** Revisions of all task definitions, as `orders:2`. */
  async function registered(): Promise<string[]> {
    const { taskDefinitionArns } = (await simulated.aws('ecs', 'list-task-definitions')) as {
      taskDefinitionArns: string[];
    };
    return taskDefinitionArns.map((arn) => arn.split('-').at(-1)!).sort();
  }

  it(
    'deploys a platform; again, nothing changes; then only what changed; and goes back',
    async () => {
      const first = await workspace.deploy(ALL);
      expect(first.output).toMatch(/production {2}done {2}2 created/);
      expect(first.success).toBe(true);
      expect(await registered()).toEqual(['orders:1', 'users:1']);

      const second = await workspace.deploy(ALL);
      expect(second.output).toMatch(/production {2}up to date {2}2 kept/);
      expect(await registered()).toEqual(['orders:1', 'users:1']);

      workspace.push('orders', 'b');
      const plan = await workspace.deploy(ALL, { plan: true, json: true });
      expect(JSON.parse(plan.output)).toMatchObject({
        engine: 'ecs',
        services: [
          { service: 'users', action: 'keep', calls: [] },
          {
            service: 'orders',
            action: 'update',
            calls: ['register-task-definition', 'update-service', 'tag-resource'],
          },
        ],
      });
      const third = await workspace.deploy(ALL);
      expect(third.output).toMatch(/production {2}done {2}1 updated, 1 kept/);
      expect(await registered()).toEqual(['orders:1', 'orders:2', 'users:1']);

      const back = await workspace.deploy(['orders'], { rollback: true });
      expect(back.output).toContain('update   orders  back to r1 from r2');
      expect(back.output).toContain('orders  deployed  r1 in production');
      expect(await registered()).toEqual(['orders:1', 'orders:2', 'users:1']);
      expect(await simulated.aws('ssm', 'describe-parameters')).toEqual({ Parameters: [] });
    },
    TIME_LIMIT,
  );
});
