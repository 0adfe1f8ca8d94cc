import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ECS_TAGS } from '../../ecs/live-service';
import { SpawnError } from '../../effects/process';
import { BUILD_RECEIPT } from '../../testing/build-receipt';
import { EcsWorkspace, uninterrupted } from '../../testing/ecs-workspace';
import { ARN, awsError, FakeEcs, type Tag } from '../../testing/fake-ecs';
import { failure, recordingRunner, type Answer } from '../../testing/recording-runner';
import { fakeClock } from '../../testing/service-task';

let workspace: EcsWorkspace;
let ecs: FakeEcs;

beforeEach(() => {
  workspace = new EcsWorkspace('acme');
  workspace.addService('orders', 3001);
  ecs = new FakeEcs();
});

afterEach(() => workspace.remove());

const deploy = (
  options: Parameters<EcsWorkspace['deploy']>[1] = {},
  interruption = uninterrupted(),
) =>
  workspace.deploy(['orders'], options, { runner: ecs.runner, clock: fakeClock(), interruption });

it('registers, creates and marks; again, it writes nothing', async () => {
  expect(await deploy()).toMatchObject({ success: true });
  expect(ecs.named()).toEqual(['register-task-definition', 'create-service', 'tag-resource']);
  const tags = new Map(ecs.service!.tags.map(({ key, value }) => [key, value]));
  expect(tags.get(ECS_TAGS.revision)).toBe('1');
  expect(tags.get(ECS_TAGS.releases)).toBe('1');
  expect(ecs.parameter).toBeUndefined();

  const again = await deploy();
  expect(again.output).toContain('production  up to date  1 kept');
  expect(ecs.named()).toEqual([]);
});

it('registers one task definition for another image, and goes on with its revision', async () => {
  await deploy();
  ecs.named();
  workspace.push('orders', 'b');
  const { output } = await deploy();
  expect(output).toContain(
    'update   orders  another image, aaaaaaaaaaaa (sha256:aaaaaaaaaaaa) -> bbbbbbbbbbbb (sha256:bbbbbbbbbbbb)',
  );
  expect(ecs.calls[1]).toEqual([
    'update-service',
    {
      cluster: 'acme-production',
      service: 'acme-production-orders',
      taskDefinition: `${ARN}:task-definition/acme-production-orders:2`,
    },
  ]);
  expect(ecs.named()).toEqual(['register-task-definition', 'update-service', 'tag-resource']);
});

it('with --plan --json names the calls that a deploy would make', async () => {
  workspace.addService('users', 3002);
  ecs.compose = { services: { orders: {}, users: {} } };
  const both = (options = {}) =>
    workspace.deploy(['users', 'orders'], options, { runner: ecs.runner, clock: fakeClock() });
  await both();
  ecs.named();
  workspace.push('orders', 'b');
  const { output } = await both({ plan: true, json: true });
  expect(JSON.parse(output)).toMatchObject({
    engine: 'ecs',
    services: [
      {
        service: 'orders',
        action: 'update',
        calls: ['register-task-definition', 'update-service', 'tag-resource'],
      },
      { service: 'users', action: 'keep', calls: [] },
    ],
  });
  expect(ecs.named()).toEqual([]);
});

it('takes the new revision away again if AWS goes on refusing calls that come too fast', async () => {
  await deploy();
  ecs.named();
  workspace.push('orders', 'b');
  ecs.more['ecs update-service'] = failure(awsError('ThrottlingException', 'Rate exceeded'), 254);
  const { success, output } = await deploy();
  expect(success).toBe(false);
  expect(output).toContain(
    'Could not update the service orders: AWS refuses calls that come too fast, and went on refusing when they were repeated (ThrottlingException: Rate exceeded). Run this again in a minute; AWS_MAX_ATTEMPTS sets how often a call is repeated\norders was not changed',
  );
  expect(ecs.named()).toEqual(['register-task-definition', 'deregister-task-definition']);
  expect(ecs.parameter).toBeUndefined();
});

it('asks the AWS CLI for its region, without a pager, and to repeat calls', async () => {
  await deploy({ plan: true });
  const command = ecs.runner.commands.find(({ file }) => file === 'aws')!;
  expect(command).toEqual({
    file: 'aws',
    args: [
      ...['--region', 'eu-central-1', '--output', 'json'],
      ...['ecs', 'list-services', '--cluster', 'acme-production', '--page-size', '100'],
    ],
    env: {
      ...{ AWS_PAGER: '', AWS_CLI_AUTO_PROMPT: 'off', AWS_CLI_FILE_ENCODING: 'UTF-8' },
      ...{ AWS_RETRY_MODE: 'standard', AWS_MAX_ATTEMPTS: '8' },
    },
  });
  expect(ecs.named()).toEqual([]);
});

it('says why tasks stopped, goes back, and takes the new revision away', async () => {
  await deploy();
  ecs.named();
  workspace.push('orders', 'b');
  ecs.rollout = 'FAILED';
  ecs.more['ecs list-tasks'] = { taskArns: [`${ARN}:task/acme-production/7f`] };
  ecs.more['ecs describe-tasks'] = {
    tasks: [
      {
        taskArn: `${ARN}:task/acme-production/7f`,
        taskDefinitionArn: `${ARN}:task-definition/acme-production-orders:2`,
        stoppedReason: 'Essential container in task exited',
        containers: [{ name: 'orders', exitCode: 1 }],
      },
    ],
  };
  ecs.more['logs get-log-events'] = { events: [{ message: 'DATABASE_URL is not set' }] };
  const { success, output } = await deploy();
  expect(success).toBe(false);
  expect(output).toContain(`orders: ECS ended the deployment
  task: Essential container in task exited
  task: orders ended with exit code 1
  its last lines:
    DATABASE_URL is not set
orders runs r1 as before`);
  expect(ecs.named()).toEqual([
    ...['register-task-definition', 'update-service', 'update-service'],
    'deregister-task-definition',
  ]);
  expect(ecs.runner.lines.find((line) => line.includes('get-log-events'))).toContain(
    '--log-group-name /acme/production --log-stream-name orders/orders/7f',
  );
  expect((await deploy({ plan: true })).output).toContain('update   orders  another image');
});

it('deletes a service that never started, with its task definition', async () => {
  ecs.rollout = 'IN_PROGRESS';
  const { output } = await deploy();
  expect(output).toContain(
    'orders: it made no progress for 660 s (0 of 1 new tasks run)\norders was deleted again, as it was not there before',
  );
  const waits = [...output.matchAll(/orders {2}waiting {2}0 of 1 new tasks run {2}(\d+)\.0 s/g)];
  expect(waits.map(([, seconds]) => Number(seconds))).toEqual(
    Array.from({ length: 22 }, (_, index) => 30 * (index + 1)),
  );
  expect(ecs.named()).toEqual([
    ...['register-task-definition', 'create-service', 'delete-service'],
    'deregister-task-definition',
  ]);
  expect(ecs.parameter).toBeUndefined();
});

describe('--atomic', () => {
  const all = (options = {}, interruption = uninterrupted()) =>
    workspace.deploy(
      ['users', 'orders', 'mails'],
      { atomic: true, ...options },
      { runner: ecs.runner, clock: fakeClock(), interruption },
    );
  /** Calls with the service that they are for, since this was asked last. */
  const told = () =>
    ecs.calls.splice(0).map(([call, input]) => {
      const { service, serviceName, family, resourceArn } = input as Record<string, string>;
      const name = service ?? serviceName ?? family ?? resourceArn ?? '';
      return `${call} ${name.split('/').at(-1)!.replace('acme-production-', '')}`.trim();
    });

  beforeEach(() => {
    workspace.addService('users', 3002);
    workspace.addService('mails', 3003, 'consumes: [users]\n');
    ecs.compose = { services: { orders: {}, users: {}, mails: {} } };
  });

  it('writes the tags once all services run', async () => {
    expect(await all()).toMatchObject({ success: true });
    const calls = told();
    expect(calls.slice(0, 6).filter((call) => call.startsWith('tag-resource'))).toEqual([]);
    expect(calls.slice(6).sort()).toEqual([
      ...['tag-resource mails', 'tag-resource orders', 'tag-resource users'],
    ]);
    expect((await all()).output).toContain('up to date  3 kept');
    expect(told()).toEqual([]);
  });

  it('takes back what this run changed if one service fails, consumers before providers', async () => {
    await all();
    told();
    for (const name of ['users', 'orders', 'mails']) workspace.push(name, 'b');
    ecs.rollouts['orders'] = 'FAILED';
    const { success, output } = await all();
    expect(success).toBe(false);
    expect(output).toContain('orders: ECS ended the deployment\norders runs r1 as before');
    expect(output).toContain(
      'mails was taken back, because orders failed (--atomic): mails runs r1 as before',
    );
    expect(output).toContain(
      'users was taken back, because orders failed (--atomic): users runs r1 as before',
    );
    expect(output).toMatch(/production {2}failed {2}3 failed \(/);
    expect(told().slice(-6)).toEqual([
      ...['update-service mails', 'deregister-task-definition', 'tag-resource mails'],
      ...['update-service users', 'deregister-task-definition', 'tag-resource users'],
    ]);
    ecs.rollouts = {};
    for (const name of ['users', 'orders', 'mails']) workspace.push(name, 'a');
    expect((await all()).output).toContain('up to date  3 kept');
  });

  it('takes back what was deployed already if it is interrupted', async () => {
    await all();
    told();
    for (const name of ['users', 'mails']) workspace.push(name, 'b');
    const interruption = uninterrupted();
    const change = ecs.change.bind(ecs);
    ecs.change = (call, input) => {
      const isMails = input['service'] === 'acme-production-mails';
      if (call === 'update-service' && isMails) interruption.trigger('it was ended by SIGINT');
      return change(call, input);
    };
    const { output } = await all({}, interruption);
    expect(output).toContain('mails: it was ended by SIGINT\nmails runs r1 as before');
    expect(output).toContain(
      'users was taken back, because mails failed (--atomic): users runs r1 as before',
    );
    expect(told().filter((call) => call.startsWith('update-service'))).toEqual([
      ...['update-service users', 'update-service mails'],
      ...['update-service mails', 'update-service users'],
    ]);
    expect(ecs.parameter).toBeUndefined();
  });

  it('deletes those again that were not there before', async () => {
    ecs.rollouts['mails'] = 'FAILED';
    const { output } = await all();
    expect(output).toContain(
      'users was taken back, because mails failed (--atomic): users was deleted again, as it was not there before',
    );
    expect(ecs.services.size).toBe(0);
    expect(ecs.parameter).toBeUndefined();
  });

  it('leaves the others deployed without it', async () => {
    ecs.rollouts['mails'] = 'FAILED';
    expect((await all({ atomic: false })).failures.size).toBe(1);
    expect([...ecs.services.keys()].sort()).toEqual(['orders', 'users']);
  });

  it('takes all back if the tags of one cannot be written, with those that were', async () => {
    await all();
    told();
    for (const name of ['users', 'orders', 'mails']) workspace.push(name, 'b');
    let tags = 0;
    Object.defineProperty(ecs.more, 'ecs tag-resource', {
      get: () => (++tags === 2 ? failure(awsError('AccessDeniedException', 'no'), 254) : undefined),
    });
    const { failures } = await all();
    expect([...failures.keys()].sort()).toEqual(['mails', 'orders', 'users']);
    const messages = [...failures.values()].map(({ message }) => message);
    expect(messages.filter((message) => message.includes('Could not write the tags'))).toHaveLength(
      1,
    );
    for (const message of messages)
      expect(message).toMatch(/(users|orders|mails) runs r1 as before/);
    ecs.more = {};
    for (const name of ['users', 'orders', 'mails']) workspace.push(name, 'a');
    expect((await all()).output).toContain('up to date  3 kept');
  });

  it('changes nothing if one service cannot be deployed at all', async () => {
    await all();
    told();
    ecs.services.get('users')!.tags = [];
    workspace.push('orders', 'b');
    expect((await all()).output).toContain(
      'users cannot be deployed, so nothing was changed (--atomic)',
    );
    expect(told()).toEqual([]);
  });
});

describe('--prune', () => {
  beforeEach(async () => {
    await deploy();
    const { tags } = ecs.service!;
    const left = { ...ecs.service!, serviceName: 'acme-production-billing' };
    const scaled = { key: ECS_TAGS.autoscaler, value: 'hash' };
    ecs.services.set('billing', { ...left, tags: [...tags, scaled] });
    // Of somebody else.
    ecs.services.set('x', { ...left, serviceName: 'acme-production-x', tags: [] });
    ecs.named();
  });

  it('is what the plan names for a service that left the workspace', async () => {
    expect((await deploy()).output).toContain(
      'left     billing  it left the workspace; --prune removes it',
    );
    expect(ecs.named()).toEqual([]);
  });

  it('deletes it with its autoscaler, and nothing of somebody else', async () => {
    const plan = await deploy({ plan: true, prune: true, json: true });
    expect(JSON.parse(plan.output)).toMatchObject({ left: ['billing'], prune: true });
    expect(ecs.named()).toEqual([]);
    const { success, output } = await deploy({ prune: true });
    expect(output).toContain(
      'remove   billing  it left the workspace; its task definitions and logs stay',
    );
    expect(output).toContain('billing  removed  its task definitions and logs stay');
    expect(success).toBe(true);
    expect(ecs.calls[0]).toMatchObject([
      'deregister-scalable-target',
      { ResourceId: 'service/acme-production/acme-production-billing' },
    ]);
    expect(ecs.named()).toEqual(['deregister-scalable-target', 'delete-service']);
    expect([...ecs.services.keys()]).toEqual(['orders', 'x']);
    expect((await deploy({ prune: true })).output).toContain('up to date  1 kept');
    expect(ecs.named()).toEqual([]);
  });

  it('is not tried again for a service that is being deleted', async () => {
    ecs.services.get('billing')!['status'] = 'DRAINING';
    expect((await deploy({ prune: true })).output).not.toContain('billing');
    expect(ecs.named()).toEqual([]);
  });

  it('deletes nothing if a deploy failed', async () => {
    workspace.push('orders', 'b');
    ecs.rollout = 'FAILED';
    expect((await deploy({ prune: true })).success).toBe(false);
    expect(ecs.named()).not.toContain('delete-service');
  });

  it('says what could not be deleted', async () => {
    ecs.more['ecs delete-service'] = failure(awsError('AccessDeniedException', 'no'), 254);
    const { success, output } = await deploy({ prune: true });
    expect(output).toContain('Could not delete the service billing: these credentials may not');
    expect(success).toBe(false);
  });
});

it('goes back to an earlier release, and further', async () => {
  const input = (revision: number) => ({
    taskDefinition: {
      ...{ family: 'acme-production-orders', revision },
      taskDefinitionArn: `${ARN}:task-definition/acme-production-orders:${revision}`,
      containerDefinitions: [{ name: 'orders', image: `reg/orders@sha256:${'a'.repeat(64)}` }],
    },
    tags: [{ key: ECS_TAGS.task, value: `hash-${revision}` }],
  });
  for (const digit of ['a', 'b', 'c']) {
    workspace.push('orders', digit);
    await deploy();
  }
  const registered = ecs.calls[0]![1]['tags'] as Tag[];
  expect(registered.map(({ key }) => key)).toContain(ECS_TAGS.task);
  ecs.named();
  ecs.more['ecs describe-task-definition'] = input(2);
  const { output, success } = await deploy({ rollback: true });
  expect(output).toContain('update   orders  back to r2 from r3');
  expect(output).toContain('orders  deployed  r2 in production');
  expect(success).toBe(true);
  expect(ecs.calls[0]).toMatchObject([
    'update-service',
    { taskDefinition: `${ARN}:task-definition/acme-production-orders:2` },
  ]);
  expect(ecs.named()).toEqual(['update-service', 'tag-resource']);
  ecs.more['ecs describe-task-definition'] = input(1);
  expect((await deploy({ rollback: true })).output).toContain('back to r1 from r2');
  ecs.named();
  expect((await deploy({ rollback: true })).output).toContain(
    'production has no release of orders before r1 to go back to; it has r1, r2, r3',
  );
  expect((await deploy({ to: 'r9' })).output).toContain(
    'production has no release "r9" of orders; it has r1, r2, r3',
  );
  expect(ecs.named()).toEqual([]);
  // What was pushed last is another release again.
  expect((await deploy({ plan: true })).output).toContain('update   orders  another image');
});

describe('with "verify" in the environment', () => {
  const unsigned = failure('Error: no signatures found', 10);

  beforeEach(() => {
    const file = 'environments/production.yml';
    const text = readFileSync(join(workspace.root, file), 'utf8');
    workspace.write({ [file]: `${text}verify: { key: cosign.pub }\n`, 'cosign.pub': '' });
  });

  it('deploys what is signed, and changes nothing of a service that is not', async () => {
    expect(await deploy()).toMatchObject({ success: true });
    const image = `reg.example.com/acme/orders:k-${'a'.repeat(64)}@sha256:${'a'.repeat(64)}`;
    expect(ecs.runner.lines).toContain(
      `cosign verify --key cosign.pub --insecure-ignore-tlog=true --output json ${image}`,
    );
    ecs.named();
    workspace.push('orders', 'b');
    ecs.cosign = unsigned;
    const { success, output } = await deploy();
    expect(success).toBe(false);
    expect(output).toContain(
      `${image.replaceAll('a'.repeat(64), 'b'.repeat(64))} is not signed by cosign.pub, which "verify" of environments/production.yml demands (no signatures found). Nothing was changed`,
    );
    expect(ecs.named()).toEqual([]);
    expect(ecs.parameter).toBeUndefined();
  });

  it('does not go back to an image that is not signed', async () => {
    for (const digit of ['a', 'b']) {
      workspace.push('orders', digit);
      await deploy();
    }
    ecs.named();
    const taskDefinitionArn = `${ARN}:task-definition/acme-production-orders:1`;
    const image = `reg/orders@sha256:${'a'.repeat(64)}`;
    ecs.more['ecs describe-task-definition'] = {
      taskDefinition: {
        ...{ family: 'acme-production-orders', revision: 1, taskDefinitionArn },
        containerDefinitions: [{ name: 'orders', image }],
      },
    };
    ecs.cosign = unsigned;
    expect((await deploy({ rollback: true })).output).toContain(`${image} is not signed by`);
    expect(ecs.named()).toEqual([]);
    ecs.cosign = {};
    expect((await deploy({ rollback: true })).output).toContain('back to r1 from r2');
  });

  it('plans for the last build, although it is neither pushed nor signed', async () => {
    ecs.cosign = unsigned;
    workspace.write({
      'dist/receipts/apps/orders/docker-build.json': JSON.stringify(BUILD_RECEIPT),
    });
    const { success, output } = await deploy({ plan: true, json: true });
    expect(success).toBe(true);
    expect(JSON.parse(output)).toMatchObject({ services: [{ service: 'orders' }] });
  });
});

const build = { context: '.' };
const MIGRATION = {
  services: {
    orders: {
      ...{
        build,
        depends_on: { 'orders-migrate': { condition: 'service_completed_successfully' } },
      },
    },
    'orders-migrate': { build, command: ['migrate.js'] },
  },
};

it('runs a migration before, once for each content', async () => {
  ecs.compose = MIGRATION;
  ecs.more['ecs describe-tasks'] = {
    tasks: [{ lastStatus: 'STOPPED', containers: [{ exitCode: 0 }] }],
  };
  expect((await deploy()).output).toContain(
    'run      orders-migrate  once, before a new task of orders',
  );
  expect(ecs.calls[1]).toMatchObject([
    'run-task',
    {
      taskDefinition: `${ARN}:task-definition/acme-production-orders-migrate:1`,
      launchType: 'FARGATE',
    },
  ]);
  expect(ecs.named()).toEqual([
    ...['register-task-definition', 'run-task', 'register-task-definition', 'create-service'],
    'tag-resource',
  ]);
  await deploy();
  expect(ecs.named()).toEqual([]);
});

it('changes nothing of a service whose migration fails', async () => {
  ecs.compose = MIGRATION;
  ecs.more['ecs describe-tasks'] = {
    tasks: [
      {
        ...{ lastStatus: 'STOPPED', stoppedReason: 'Essential container in task exited' },
        taskDefinitionArn: `${ARN}:task-definition/acme-production-orders-migrate:1`,
        containers: [{ name: 'orders-migrate', exitCode: 3 }],
      },
    ],
  };
  ecs.more['ecs list-tasks'] = { taskArns: ['t'] };
  const { output } = await deploy();
  expect(output).toContain(`orders-migrate: Essential container in task exited
  task: Essential container in task exited
  task: orders-migrate ended with exit code 3
orders was not changed`);
  expect(ecs.named()).toEqual([
    ...['register-task-definition', 'run-task', 'deregister-task-definition'],
  ]);
});

it('goes back if it is interrupted', async () => {
  await deploy();
  ecs.named();
  workspace.push('orders', 'b');
  const interruption = uninterrupted();
  const change = ecs.change.bind(ecs);
  ecs.change = (call, input) => {
    if (call === 'update-service') interruption.trigger('the deploy was ended by SIGINT');
    return change(call, input);
  };
  const { output } = await deploy({}, interruption);
  expect(output).toContain('orders: the deploy was ended by SIGINT\norders runs r1 as before');
  expect(ecs.named()).toEqual([
    ...['register-task-definition', 'update-service', 'update-service'],
    'deregister-task-definition',
  ]);
  expect(ecs.parameter).toBeUndefined();
});

it('leaves a service of somebody else alone', async () => {
  await deploy();
  ecs.named();
  ecs.service!.tags = [];
  const { output } = await deploy();
  expect(output).toContain(
    'orders was not changed: the cluster acme-production has a service acme-production-orders without the tags of acme in production',
  );
  expect(ecs.named()).toEqual([]);
});

it('waits for the lock of another deploy, and names its holder', async () => {
  const lock = { user: 'ada@laptop', pid: 7, run: 'r', command: 'ecs-deploy of users', id: 'x' };
  let beat = 0;
  ecs.more['ssm put-parameter'] = failure(awsError('ParameterAlreadyExists', 'there'));
  Object.defineProperty(ecs.more, 'ssm get-parameter', {
    get: () => ({
      Parameter: {
        Value: JSON.stringify({ ...lock, since: '2026-11-28T12:00:00.000Z', beat: ++beat }),
        Version: beat,
      },
    }),
  });
  const { output } = await deploy();
  expect(output).toContain(
    'the lock of acme-production is held by ada@laptop since 12:00:00 UTC (pid 7: ecs-deploy of users): wait, or take the lock with --break-lock',
  );
  expect(ecs.named()).toEqual([]);
});

it.each<[string, string, string, string]>([
  [
    'no credentials',
    'ecs list-services',
    'Unable to locate credentials. You can configure credentials by running "aws configure".',
    'AWS does not accept these credentials (Unable to locate credentials. You can configure credentials by running "aws configure".). Log in again, for example with "aws sso login"',
  ],
  [
    'credentials that have expired',
    'ecs list-services',
    awsError('ExpiredTokenException', 'The security token included in the request is expired'),
    'AWS does not accept these credentials (ExpiredTokenException: The security token included in the request is expired). Log in again',
  ],
  [
    'a login that has expired',
    'ecs list-services',
    'Error when retrieving token from sso: Token has expired and refresh failed',
    'Log in again, for example with "aws sso login"',
  ],
  [
    'no cluster',
    'ecs list-services',
    awsError('ClusterNotFoundException', 'Cluster not found.'),
    'there is no ECS cluster acme-production in eu-central-1. "micro render --format=cloudformation" writes a template that makes it; or correct "cluster" in environments/production.yml',
  ],
  [
    'throttling',
    'ecs register-task-definition',
    '\nAn error occurred (ThrottlingException) when calling the RegisterTaskDefinition operation (reached max retries: 7): Rate exceeded\n',
    'Could not register the task definition of orders: AWS refuses calls that come too fast, and went on refusing when they were repeated (ThrottlingException: Rate exceeded). Run this again in a minute',
  ],
  [
    'a call that is not allowed',
    'ecs create-service',
    awsError('AccessDeniedException', 'User: ada is not authorized to perform: ecs:CreateService'),
    'these credentials may not do this (AccessDeniedException: User: ada is not authorized to perform: ecs:CreateService). Add the permission, and run this again\norders was not changed',
  ],
  [
    'a role that does not exist',
    'iam get-role',
    awsError('NoSuchEntity', 'The role with name execution cannot be found.'),
    'environments/production.yml:6: there is no role execution: make it, for example with the template of "micro render -e production --format=cloudformation", or correct the name. Nothing was changed',
  ],
  [
    'no network',
    'ecs list-services',
    'Could not connect to the endpoint URL: "https://ecs.eu-central-1.amazonaws.com/"',
    'AWS does not answer in eu-central-1',
  ],
])('says what to do about %s', async (_, call, stderr, message) => {
  ecs.more[call] = failure(stderr, 254);
  const { success, output } = await deploy();
  expect(output).toContain(message);
  expect(success).toBe(false);
  expect(ecs.service).toBeUndefined();
  expect(ecs.parameter).toBeUndefined();
});

it('says what to install if there is no AWS CLI', async () => {
  const answer: Answer = (_, command) => {
    if (command.file !== 'aws') return { stdout: '{"services":{}}' };
    throw new SpawnError(command, Object.assign(new Error('spawn aws'), { code: 'ENOENT' }));
  };
  ecs = Object.assign(new FakeEcs(), { runner: recordingRunner(answer) });
  expect((await deploy()).output).toBe(
    '"aws" was not found on the PATH: install the AWS CLI, version 2, log in, and run this again',
  );
});

it('says which executor an environment of another engine needs', async () => {
  workspace.write({
    'environments/production.yml': 'engine: compose\nregistry: reg.example.com\n',
  });
  expect((await deploy()).output).toBe(
    'environments/production.yml is for Compose: run nx compose-deploy -c production, or write "engine: ecs" into it',
  );
});
