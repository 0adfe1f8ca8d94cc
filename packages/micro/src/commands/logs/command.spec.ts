import { describe, expect, it } from 'vitest';
import type { Command as DockerCommand } from '../../docker/command';
import type { RunOptions } from '../../effects/process';
import { recordingRunner } from '../../testing/recording-runner';
import { runCommand } from '../../testing/shell';
import { temporaryWorkspace } from '../../testing/temporary-workspace';
import { logsCommand } from './command';

const container = (service: string, number: number) => ({
  Id: `${service}-${number}`,
  Name: `/shop-${service}-${number}`,
  RestartCount: 0,
  Image: 'sha256:x',
  State: { Status: 'running' },
  Config: { Labels: { 'com.docker.compose.service': service }, Env: [], Image: 'x' },
  NetworkSettings: { Networks: null },
});

const LOGS: Record<string, string> = {
  'orders-1': '2026-11-21T12:00:02Z {"level":"info","msg":"second","requestId":"one"}\n',
  'orders-2': '2026-11-21T12:00:03Z third\n',
  'micro-edge-1': '2026-11-21T12:00:04Z {"level":"info","msg":"handled request"}\n',
  'users-1': '2026-11-21T12:00:01Z {"level":"info","msg":"first","requestId":"one"}\n',
};

/** Answers as docker does, lines as they come among it. */
function engine() {
  const recorder = recordingRunner((line) => {
    if (line.includes(' ls ')) return { stdout: 'a\n' };
    if (line.includes(' inspect ')) {
      const all = [
        container('orders', 1),
        container('orders', 2),
        container('users', 1),
        container('micro-edge', 1),
      ];
      return { stdout: JSON.stringify(all) };
    }
    return undefined;
  });
  return {
    ...recorder,
    run: async (command: DockerCommand, options?: RunOptions) => {
      const log = LOGS[command.args.at(-1)!] ?? '';
      log.split('\n').forEach((line) => options?.onLine?.(line));
      return recorder.run(command);
    },
  };
}

const run = (line: string, runner = engine()) =>
  runCommand(
    logsCommand,
    temporaryWorkspace({
      'package.json': '{ "name": "@shop/source" }',
      'environments/development.yml': 'context: far\n',
      'apps/orders/package.json': '{ "name": "orders" }',
      'apps/orders/service.yml': 'port: 3001\ndatastores:\n  database: postgres\n',
      'apps/users/package.json': '{ "name": "users" }',
      'apps/users/service.yml': 'port: 3002\n',
    }),
    line,
    { runner },
  );

describe('micro logs', () => {
  it('shows all services in the order of time', async () => {
    const { output } = await run('');
    expect(output.split('\n').map((line) => line.trim().split(/\s{2,}/))).toEqual([
      ['12:00:01', 'users', 'info', 'first', 'requestId=one'],
      ['12:00:02', 'orders', 'info', 'second', 'requestId=one'],
      ['12:00:03', 'orders', 'third'],
      ['12:00:04', 'micro-edge', 'info', 'handled request'],
    ]);
  });

  it('asks for the containers of the services that are named, from that time on', async () => {
    const runner = engine();
    await run('users --since 10m', runner);
    expect(runner.lines.filter((line) => line.includes(' logs '))).toEqual([
      'docker --context far container logs --timestamps --since 10m users-1',
    ]);
  });

  it('leaves out lines of other requests', async () => {
    const { output } = await run('--request-id one');
    expect(output).not.toContain('third');
    expect(output.split('\n')).toHaveLength(2);
  });

  it.each([
    ['order', /^"order" is not a service of this platform.*"orders"/],
    ['--since yesterday', /^--since yesterday: give a time such as 10m/],
    ['--request', /Unknown option '--request'[^]*usage: micro logs/],
    ['-e nowhere', /there is no environment "nowhere"/],
  ])('reports what is wrong with "%s"', async (line, message) => {
    await expect(run(line)).rejects.toThrow(message);
  });

  it.each(['edge', 'micro-edge'])('accepts "%s" for the edge', async (word) => {
    const { output } = await run(word);
    expect(output).toMatch(/^\S+ {2}micro-edge {2}info {3}handled request$/);
  });

  it('shows datastores, too', async () => {
    const runner = engine();
    expect((await run('orders-database', runner)).exitCode).toBe(0);
  });
});
