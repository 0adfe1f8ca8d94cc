import { describe, expect, it } from 'vitest';
import type { Command } from '../../docker/command';
import type { RunOptions } from '../../effects/process';
import { recordingRunner } from '../../testing/recording-runner';
import { runCommand } from '../../testing/shell';
import { temporaryWorkspace } from '../../testing/temporary-workspace';
import { logsCommand } from './command';

const pod = (service: string, end: string, phase = 'Running') => ({
  kind: 'Pod',
  metadata: {
    name: `${service}-${end}`,
    uid: `${service}-${end}`,
    labels: { 'app.kubernetes.io/name': service },
  },
  status: { phase },
});

const LOGS: Record<string, string> = {
  'orders-1': '2026-11-21T12:00:02.000000000Z {"level":"info","msg":"second","requestId":"one"}',
  'orders-database-0': '2026-11-21T14:00:03.000000000+02:00 third',
  'broker-0': '2026-11-21T12:00:03.000000000Z fourth',
  'users-1': '2026-11-21T12:00:01.000000000Z {"level":"info","msg":"first","requestId":"one"}',
};

const PODS = [pod('orders', '1'), pod('orders-database', '0'), pod('users', '1')];

/** Answers as kubectl does. */
function cluster({ pods = PODS, complaint = '' } = {}) {
  const recorder = recordingRunner((line) =>
    line.includes(' get ') ? { stdout: JSON.stringify({ items: pods }) } : undefined,
  );
  return {
    ...recorder,
    run: async (command: Command, options?: RunOptions) => {
      const at = command.args.indexOf('logs');
      const name = at === -1 ? undefined : command.args[at + 1];
      const log = name === undefined ? undefined : LOGS[name];
      if (name !== undefined) options?.onLine?.(log ?? complaint);
      const outcome = await recorder.run(command);
      return name !== undefined && log === undefined ? { ...outcome, exitCode: 1 } : outcome;
    },
  };
}

const run = (line: string, runner = cluster(), more = '') =>
  runCommand(
    logsCommand,
    temporaryWorkspace({
      'package.json': '{ "name": "@shop/source" }',
      'environments/live.yml': `engine: kubernetes\ncontext: far\nregistry: registry.example.com/shop\n${more}`,
      'apps/orders/package.json': '{ "name": "orders" }',
      'apps/orders/service.yml': 'port: 3001\ndatastores:\n  database: postgres\n',
      'apps/users/package.json': '{ "name": "users" }',
      'apps/users/service.yml': 'port: 3002\nbroker: rabbitmq\n',
    }),
    `-e live ${line}`.trim(),
    { runner },
  );

describe('micro logs of a cluster', () => {
  it('shows all pods in the order of time, with one list', async () => {
    const runner = cluster();
    const { output } = await run('', runner);
    expect(output.split('\n').map((line) => line.trim().split(/\s{2,}/))).toEqual([
      ['12:00:01.000', 'users', 'info', 'first', 'requestId=one'],
      ['12:00:02.000', 'orders', 'info', 'second', 'requestId=one'],
      ['12:00:03.000', 'orders-database', 'third'],
    ]);
    expect(runner.lines).toEqual([
      'kubectl --context far --namespace shop-live get pods --selector app.kubernetes.io/part-of=shop,org.micro/environment=live --output json',
      'kubectl --context far --namespace shop-live logs orders-1 --container orders --timestamps',
      'kubectl --context far --namespace shop-live logs orders-database-0 --container orders-database --timestamps',
      'kubectl --context far --namespace shop-live logs users-1 --container users --timestamps',
    ]);
  });

  it.each<[string, string]>([
    ['10m', '--since=10m'],
    ['2026-11-21', '--since-time=2026-11-21T00:00:00Z'],
    ['2026-11-21T12:00:00', '--since-time=2026-11-21T12:00:00Z'],
    ['2026-11-21T12:00:00+01:00', '--since-time=2026-11-21T12:00:00+01:00'],
  ])('asks for lines since %s as kubectl wants it', async (since, argument) => {
    const runner = cluster();
    await run(`users --since ${since}`, runner);
    expect(runner.lines.filter((line) => line.includes(' logs '))).toEqual([
      `kubectl --context far --namespace shop-live logs users-1 --container users --timestamps ${argument}`,
    ]);
  });

  it.each([
    'Error from server (NotFound): pods "users-2" not found',
    'Error from server (BadRequest): container "users" in pod "users-2" is waiting to start: ContainerCreating',
  ])('shows the others if one has no log: %s', async (complaint) => {
    const runner = cluster({ pods: [...PODS, pod('users', '2', 'Pending')], complaint });
    expect((await run('users', runner)).output).toContain('first');
  });

  it('knows the broker only if it runs in the cluster', async () => {
    await expect(run('broker')).rejects.toThrow('"broker" is not a service of this platform');
    const runner = cluster({ pods: [...PODS, pod('broker', '0')] });
    await run('broker', runner, 'broker: in-cluster\n');
    expect(runner.lines.filter((line) => line.includes(' logs '))).toEqual([
      'kubectl --context far --namespace shop-live logs broker-0 --container broker --timestamps',
    ]);
  });

  it('says what to do if the user may not read logs', async () => {
    const complaint = 'Error from server (Forbidden): pods "users-2" is forbidden: no';
    const runner = cluster({ pods: [pod('users', '2')], complaint });
    await expect(run('users', runner)).rejects.toThrow(
      'Could not read the log of users-2: the user of the context far may not do this',
    );
  });

  it.each(['edge', 'rabbitmq'])(
    'does not know %s, which is not ours on a cluster',
    async (name) => {
      await expect(run(name)).rejects.toThrow(`"${name}" is not a service of this platform`);
    },
  );
});
