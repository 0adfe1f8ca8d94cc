import { describe, expect, it } from 'vitest';
import type { Clock } from '../../effects/clock';
import type { LogEvent } from '../../effects/ecs-logs';
import { awsError } from '../../testing/fake-ecs';
import { failure, recordingRunner } from '../../testing/recording-runner';
import { fakeClock } from '../../testing/service-task';
import { runCommand } from '../../testing/shell';
import { temporaryWorkspace } from '../../testing/temporary-workspace';
import { logsCommand } from './command';

const at = (seconds: number) => Date.parse('2026-11-21T11:59:00Z') + seconds * 1000;

const event = (service: string, seconds: number, message: string, id = message): LogEvent => ({
  ...{ logStreamName: `${service}/${service}/7f`, timestamp: at(seconds), message, eventId: id },
});

const EVENTS = [
  event('orders', 2, '{"level":"info","msg":"second","requestId":"one"}'),
  event('users', 1, '{"level":"info","msg":"first","requestId":"one"}'),
  event('orders-archive-migrate', 3, 'third\n'),
];

const answering = (events: readonly LogEvent[] = EVENTS) =>
  recordingRunner(() => ({ stdout: JSON.stringify({ events }) }));

const workspace = () =>
  temporaryWorkspace({
    'package.json': '{ "name": "@shop/source" }',
    'environments/live.yml': `engine: ecs
region: eu-central-1
registry: reg.example.com
subnets: [subnet-0a]
securityGroups: [sg-0a]
executionRole: execution
`,
    ...Object.fromEntries(
      ['orders', 'orders-archive', 'users'].flatMap((name, index) => [
        [`apps/${name}/package.json`, JSON.stringify({ name })],
        [
          `apps/${name}/service.yml`,
          `port: ${3001 + index}\n${name === 'orders' ? 'datastores:\n  database: postgres\n' : ''}`,
        ],
      ]),
    ),
  });

const run = (line: string, runner = answering()) =>
  runCommand(logsCommand, workspace(), `-e live ${line}`.trim(), { runner, clock: fakeClock() });

/** Ends what follows after some looks. */
function endingAfter(looks: number): { clock: Clock; signal: AbortSignal } {
  const ended = new AbortController();
  const { now, sleep } = fakeClock();
  const begun = now();
  return {
    signal: ended.signal,
    clock: {
      now,
      sleep: async (milliseconds) => {
        await sleep(milliseconds);
        if (now() - begun >= looks * 3000) ended.abort();
      },
    },
  };
}

describe('micro logs of an environment on ECS', () => {
  it('shows all services in the order of time, with one call', async () => {
    const runner = answering();
    const { output } = await run('', runner);
    expect(output.split('\n').map((line) => line.trim().split(/\s{2,}/))).toEqual([
      ['11:59:01.000', 'users', 'info', 'first', 'requestId=one'],
      ['11:59:02.000', 'orders', 'info', 'second', 'requestId=one'],
      ['11:59:03.000', 'orders-archive-migrate', 'third'],
    ]);
    expect(runner.lines).toEqual([
      `aws --region eu-central-1 --output json logs filter-log-events --log-group-name /shop/live --start-time ${Date.parse('2026-11-21T11:50:00Z')}`,
    ]);
  });

  it('asks for the streams of one service, and not for those of one whose name is longer', async () => {
    const runner = answering([
      ...EVENTS,
      event('orders-migrate', 4, 'migrated'),
      event('orders-archive', 5, 'archived'),
    ]);
    const { output } = await run('orders --json', runner);
    expect(output.split('\n').map((line) => JSON.parse(line) as object)).toEqual([
      {
        ...{ time: '2026-11-21T11:59:02.000Z', service: 'orders', container: '7f' },
        record: { level: 'info', msg: 'second', requestId: 'one' },
      },
      {
        ...{ time: '2026-11-21T11:59:04.000Z', service: 'orders-migrate', container: '7f' },
        text: 'migrated',
      },
    ]);
    expect(runner.lines[0]).toMatch(/ --log-stream-name-prefix orders$/);
  });

  it('reads the group once for several services, and one request of it', async () => {
    const runner = answering();
    const { output } = await run('orders users --request-id one', runner);
    expect(output.split('\n')).toHaveLength(2);
    expect(runner.lines).toHaveLength(1);
    expect(runner.lines[0]).not.toContain('prefix');
  });

  it.each([
    ['1h30m', '2026-11-21T10:30:00Z'],
    ['2026-11-21', '2026-11-21T00:00:00Z'],
    ['2026-11-21T12:00:00', '2026-11-21T12:00:00Z'],
    ['2026-11-21T12:00:00+01:00', '2026-11-21T11:00:00Z'],
  ])('begins with --since %s', async (since, time) => {
    const runner = answering();
    await run(`--since ${since}`, runner);
    expect(runner.lines[0]).toContain(` --start-time ${Date.parse(time)}`);
  });

  it('follows: each line once, also one that comes late', async () => {
    const answers = [
      [event('orders', 1, 'one'), event('orders', 30, 'two')],
      [event('orders', 30, 'two'), event('users', 29, 'late'), event('users', 31, 'three')],
      [],
      [event('users', 31, 'three'), event('users', 31, 'three', 'another id')],
    ];
    let looks = 0;
    const runner = recordingRunner(() => ({
      stdout: JSON.stringify({ events: answers[looks++] ?? [] }),
    }));
    const { output } = await runCommand(logsCommand, workspace(), '-e live --follow', {
      ...{ runner, ...endingAfter(5) },
    });
    expect(output.split('\n').map((line) => line.split(/\s+/).at(-1))).toEqual([
      ...['one', 'two', 'late', 'three', 'three'],
    ]);
    const starts = runner.lines.map((line) => Number(line.split(' ').at(-1)));
    const begun = Date.parse('2026-11-21T11:50:00Z');
    expect(starts).toEqual([begun, at(15), at(16), at(16), at(16)]);
  });

  it('gives Ctrl-C to the call that is under way, and ends without an error', async () => {
    const ended = new AbortController();
    const runner = {
      run: (_: unknown, options?: { signal?: AbortSignal }) =>
        new Promise<never>((_resolve, reject) => {
          options?.signal?.addEventListener('abort', () => reject(new Error('aborted')));
          ended.abort();
        }),
    };
    const line = '-e live --follow';
    const { exitCode, output } = await runCommand(logsCommand, workspace(), line, {
      ...{ runner, clock: fakeClock(), signal: ended.signal },
    });
    expect({ exitCode, output }).toEqual({ exitCode: 0, output: '' });
  });

  it.each([
    [
      'a group that is not there',
      awsError('ResourceNotFoundException', 'The specified log group does not exist.'),
      'there is no log group /shop/live in eu-central-1. "micro render --format=cloudformation" writes a template that makes it; or correct "logGroup" in environments/live.yml',
    ],
    [
      'a user who may not read logs',
      awsError('AccessDeniedException', 'not authorized to perform: logs:FilterLogEvents'),
      'Could not read the log group /shop/live: these credentials may not do this (AccessDeniedException: not authorized to perform: logs:FilterLogEvents)',
    ],
  ])('says what to do about %s', async (_, words, message) => {
    const runner = recordingRunner(() => failure(words, 254));
    await expect(run('', runner)).rejects.toThrow(message);
  });

  it('says that there is no such time', async () => {
    await expect(run('--since 2026-19-21')).rejects.toThrow(
      '--since 2026-19-21: there is no such time',
    );
  });

  it.each(['edge', 'orders-database'])('does not know %s, which runs elsewhere', async (name) => {
    await expect(run(name)).rejects.toThrow(`"${name}" is not a service of this platform`);
  });
});
