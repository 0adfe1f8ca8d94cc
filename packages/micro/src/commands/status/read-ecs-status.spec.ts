import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EcsWorkspace } from '../../testing/ecs-workspace';
import { ARN, awsError, FakeEcs } from '../../testing/fake-ecs';
import { failure } from '../../testing/recording-runner';
import { fakeClock } from '../../testing/service-task';
import { runCommand } from '../../testing/shell';
import { statusCommand } from './command';
import { statusSchema } from './document';

let workspace: EcsWorkspace;
let ecs: FakeEcs;

beforeEach(async () => {
  workspace = new EcsWorkspace('acme');
  workspace.addService('users', 3001);
  workspace.addService('orders', 3002);
  ecs = new FakeEcs();
  ecs.compose = { services: { orders: {}, users: {} } };
  await workspace.deploy(['users', 'orders'], {}, { runner: ecs.runner, clock: fakeClock() });
  runs(task('orders', '7f'), task('users', '8a'));
  ecs.runner.lines.splice(0);
});

afterEach(() => workspace.remove());

interface Overrides {
  lastStatus?: string;
  health?: string;
  group?: string;
}

const task = (
  service: string,
  id: string,
  {
    lastStatus = 'RUNNING',
    health = 'HEALTHY',
    group = `service:acme-production-${service}`,
  }: Overrides = {},
) => ({
  ...{ taskArn: `${ARN}:task/acme-production/${id}`, group, lastStatus },
  startedAt: '2026-11-28T13:00:00.000000+01:00',
  // The proxy of Service Connect is in each task.
  containers: [{ name: 'ecs-service-connect-x' }, { name: service, healthStatus: health }],
});

function runs(...tasks: { taskArn: string }[]): void {
  ecs.more['ecs list-tasks'] = { taskArns: tasks.map(({ taskArn }) => taskArn) };
  ecs.more['ecs describe-tasks'] = { tasks };
}

const status = (line = '') =>
  runCommand(statusCommand, workspace.root, `-e production ${line}`, { runner: ecs.runner });

async function report() {
  const { services, ...all } = statusSchema.parse(JSON.parse((await status('--json')).output));
  return { ...all, services: new Map(services.map((one) => [one.name, one])) };
}

describe('micro status of an environment on ECS', () => {
  it('asks once for services and once for tasks, and says that all is up to date', async () => {
    const { exitCode, output } = await status('--check');
    expect(output).toContain('everything is up to date');
    expect(exitCode).toBe(0);
    const calls = ecs.runner.lines
      .filter((line) => line.startsWith('aws'))
      .map((line) => line.replace('aws --region eu-central-1 --output json ', ''));
    expect(calls.sort()).toEqual([
      `ecs describe-services --cluster acme-production --include TAGS --services acme-production-orders acme-production-users`,
      `ecs describe-tasks --cluster acme-production --tasks ${ARN}:task/acme-production/7f ${ARN}:task/acme-production/8a`,
      'ecs list-services --cluster acme-production --page-size 100',
      'ecs list-tasks --cluster acme-production --page-size 100',
    ]);
  });

  it('tells programs what each service runs', async () => {
    runs(
      task('orders', '7f'),
      task('users', '8a'),
      task('orders', '9c', { group: 'service:other-production-orders' }),
    );
    const { project, services, backing, left, notes } = await report();
    expect({ project, backing, left, notes }).toEqual({
      ...{ project: 'acme-production', backing: [], left: [], notes: [] },
    });
    expect(services.get('orders')).toEqual({
      ...{ name: 'orders', kind: 'service', state: 'in-step', drift: [], health: 'healthy' },
      replicas: { running: 1, wanted: 1 },
      ...{ key: 'a'.repeat(64), wantedKey: 'a'.repeat(64) },
      since: '2026-11-28T12:00:00.000Z',
      containers: ['7f'],
    });
  });

  it('names everything by which a service differs', async () => {
    workspace.push('orders', 'b');
    const service = ecs.service!;
    service['desiredCount'] = 3;
    service.deployments[0]!.rolloutState = 'FAILED';
    service.deployments[0]!.rolloutStateReason = 'tasks failed to start';
    runs(
      task('orders', '7f', { health: 'UNHEALTHY' }),
      task('orders', '7e', { lastStatus: 'PENDING', health: 'UNKNOWN' }),
      task('users', '8a', { health: 'UNKNOWN' }),
      task('users', '8b'),
    );
    const { services } = await report();
    expect(services.get('orders')).toMatchObject({
      state: 'drifted',
      health: 'unhealthy',
      drift: [
        'image changed: aaaaaaaaaaaa -> bbbbbbbbbbbb',
        '3 tasks were asked for, and 1 are declared',
        'its last deployment failed: tasks failed to start',
        '7f is unhealthy',
      ],
    });
    expect(services.get('users')).toMatchObject({
      ...{ state: 'drifted', drift: ['2 of 1 replicas'], health: 'starting' },
    });
    expect((await status('--check')).exitCode).toBe(1);
  });

  it('says that a deployment goes on, and how many of its tasks failed', async () => {
    Object.assign(ecs.service!.deployments[0]!, { rolloutState: 'IN_PROGRESS', failedTasks: 2 });
    expect((await report()).services.get('orders')!.drift).toEqual([
      'its deployment is going on, and 2 of its tasks failed',
    ]);
  });

  it('tells a service that is not there, and one that left the workspace', async () => {
    const there = ecs.service!;
    ecs.services.delete('orders');
    ecs.services.set('billing', {
      ...there,
      serviceName: 'acme-production-billing',
    });
    runs();
    const { exitCode, output } = await status('--check');
    expect(output).toMatch(/✕ {2}orders +not deployed .* down/);
    expect(output).toContain('billing  left the workspace but is still running');
    expect(exitCode).toBe(1);
  });

  it('leaves a service of somebody else alone, and says whose it is not', async () => {
    ecs.service!.tags = [];
    const { services, notes } = await report();
    expect(services.get('orders')).toMatchObject({ state: 'not-deployed', containers: [] });
    expect(notes).toEqual([
      "the service acme-production-orders is somebody else's: it has no tags of acme in production",
    ]);
  });

  it('compares with --pushed only what was pushed from here', async () => {
    workspace.write({ 'dist/receipts/apps/users/docker-push.production.json': '' });
    expect((await report()).services.get('users')).toMatchObject({
      state: 'not-compared',
      drift: [expect.stringContaining('this workspace pushed nothing for production yet')],
      health: 'healthy',
    });
    expect((await status('--check')).exitCode).toBe(1);
    const pushed = await status('--check --pushed');
    expect(pushed.output).toContain('orders: running as deployed; everything is healthy');
    expect(pushed.exitCode).toBe(0);
    runs(task('orders', '7f'), task('users', '8a', { health: 'UNHEALTHY' }));
    const unhealthy = await status('--check --pushed');
    expect(unhealthy.output).toContain('not as deployed: users (unhealthy)');
    expect(unhealthy.exitCode).toBe(1);
  });

  it('says what could not be compared, and shows the rest', async () => {
    ecs.compose = { services: { orders: { privileged: true }, users: {} } };
    const { services, notes } = await report();
    expect(services.get('orders')).toMatchObject({ state: 'not-compared', health: 'healthy' });
    expect(notes).toEqual([expect.stringMatching(/^services were not compared: .*privileged/s)]);
  });

  it('says what to do if there is no such cluster', async () => {
    const words = awsError('ClusterNotFoundException', 'Cluster not found.');
    ecs.more['ecs list-services'] = failure(words, 254);
    await expect(status()).rejects.toThrow(
      'there is no ECS cluster acme-production in eu-central-1. "micro render --format=cloudformation"',
    );
  });
});
