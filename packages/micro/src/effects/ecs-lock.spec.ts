import { expect, it } from 'vitest';
import { failure, recordingRunner } from '../testing/recording-runner';
import { fakeClock } from '../testing/service-task';
import { holdParameter } from './ecs-lock';

const NAME = '/org.micro/acme-production/lock';
const DEAD = JSON.stringify({
  ...{ user: 'ada@laptop', pid: 7, run: 'r', command: 'ecs-deploy of users', id: 'dead', beat: 3 },
  since: '2026-11-28T12:00:00.000Z',
});

/** Parameter Store; `onWrite` happens before a parameter is overwritten. */
function store(onWrite: (held: { value: string; version: number }) => void = () => undefined) {
  const held = new Map([[NAME, { value: DEAD, version: 4 }]]);
  const runner = recordingRunner((_, { args }) => {
    const after = (option: string) => args[args.indexOf(option) + 1]!;
    const name = after('--name');
    const one = held.get(name);
    if (args.includes('delete-parameter')) held.delete(name);
    if (args.includes('get-parameter')) {
      if (!one)
        return failure('An error occurred (ParameterNotFound) when calling the X operation:');
      return { stdout: JSON.stringify({ Parameter: { Value: one.value, Version: one.version } }) };
    }
    if (!args.includes('put-parameter')) return {};
    if (one && args.includes('--no-overwrite')) {
      return failure('An error occurred (ParameterAlreadyExists) when calling the X operation: it');
    }
    if (one) onWrite(one);
    const version = (one?.version ?? 0) + 1;
    held.set(name, { value: after('--value'), version });
    return { stdout: JSON.stringify({ Version: version }) };
  });
  const clock = fakeClock();
  const said: string[] = [];
  const aws = { runner, region: 'eu-central-1', cluster: 'c', file: 'environments/production.yml' };
  const hold = () =>
    holdParameter(
      {
        ...{ aws, undo: aws, clock, timeout: 120, force: false },
        holder: { user: 'bob@desk', pid: 8, run: 's', command: 'ecs-deploy of orders' },
        scope: {
          ...{ platform: 'acme', environment: 'production', region: 'eu-central-1' },
          ...{ cluster: 'c', namespace: 'n', logGroup: 'l', prefix: 'acme-production' },
        },
        say: (line) => said.push(line),
        onLost: () => undefined,
      },
      () => Promise.resolve([...held.values()].map(({ value }) => value)),
    );
  return { held, clock, said, hold };
}

it('takes a lock that nobody renews after 30 seconds, and leaves nothing behind', async () => {
  const { held, clock, said, hold } = store();
  const [value, ...others] = await hold();
  expect(value).toContain('bob@desk');
  expect(others).toEqual([]);
  expect(clock.slept.length).toBe(31);
  expect(said.at(-1)).toBe(
    'the lock of acme-production was taken from ada@laptop since 12:00:00 UTC (pid 7: ecs-deploy of users), who stopped renewing it',
  );
  expect([...held]).toEqual([]);
});

it('does not hold a lock that somebody else took at the same moment', async () => {
  let isFirst = true;
  const { clock, hold } = store((held) => {
    if (isFirst) held.version += 1;
    isFirst = false;
  });
  await hold();
  // Then it waits for the lock as it is now.
  expect(clock.slept.length).toBe(62);
});
