import { expect, it } from 'vitest';
import { failure, recordingRunner, type Answer } from '../testing/recording-runner';
import { fakeClock } from '../testing/service-task';
import { holdLock } from '../effects/deploy-lock';
import { EXPIRY, formatHolder, isExpired, lockName, parseLock, type HeldLock } from './lock';

const since = Date.parse('2026-11-21T12:00:00Z');
const holder = { user: 'ada@laptop', pid: 7, run: 'laptop:6', command: 'compose-deploy of orders' };
const held: HeldLock = { id: 'theirs', holder, since, beat: 60 };

const inspected = (label: unknown, beat = 60) =>
  JSON.stringify([
    {
      Id: 'theirs',
      Created: '2026-11-21T12:00:00.000000001Z',
      Config: { Labels: { 'org.micro.lock': JSON.stringify(label) } },
      HostConfig: { RestartPolicy: { Name: 'on-failure', MaximumRetryCount: beat } },
    },
  ]);

it('is read from the container that it is', () => {
  expect(parseLock(inspected(holder), 'org.micro.lock')).toEqual(held);
  expect(parseLock(inspected('odd'), 'org.micro.lock')?.holder.user).toBe('somebody');
  expect(parseLock('[]', 'org.micro.lock')).toBeUndefined();
});

it('names its holder', () => {
  expect(formatHolder(held)).toBe(
    'ada@laptop since 12:00:00 UTC (pid 7: compose-deploy of orders)',
  );
  expect(lockName('acme-production')).toBe('acme-production.lock');
});

it.each([
  [60, false],
  [60 + EXPIRY, false],
  [61 + EXPIRY, true],
])('%i s after it was taken and 60 s after the last sign of life: expired %s', (age, expected) => {
  expect(isExpired(held, since + age * 1000)).toBe(expected);
});

/** An engine where somebody has the lock until it was looked at `looks` times. */
function engine({ looks = Infinity, age = 61, run = holder.run } = {}): Answer {
  let looked = 0;
  let gone = false;
  return (line) => {
    if (line.includes('container create')) {
      if (gone || looked >= looks) return { stdout: 'ours\n' };
      return failure('Conflict. The container name "/x" is already in use by container "theirs".');
    }
    if (line.includes('container inspect')) {
      looked++;
      return { stdout: inspected({ ...holder, run }) };
    }
    if (line.endsWith('rm --volumes theirs')) gone = true;
    if (line.includes('info')) return { stdout: new Date(since + age * 1000).toISOString() };
    return undefined;
  };
}

function request(answer: Answer, more: { force?: boolean; timeout?: number } = {}) {
  const runner = recordingRunner(answer);
  const said: string[] = [];
  return {
    runner,
    undo: runner,
    said,
    address: {},
    project: 'acme-production',
    image: 'acme/orders:k-1',
    holder: { ...holder, user: 'bob@desk', run: 'desk:1' },
    timeout: 10,
    force: false,
    clock: fakeClock(),
    say: (line: string) => said.push(line),
    onLost: () => undefined,
    ...more,
  };
}

const removed = (lines: readonly string[]) => lines.filter((line) => line.includes(' rm '));

it('is given back, also where the work fails', async () => {
  const parts = request(engine({ looks: 0 }));
  await expect(holdLock(parts, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(removed(parts.runner.lines)).toEqual(['docker container rm --volumes ours']);
});

it('is waited for, and the wait is told of once', async () => {
  const parts = request(engine({ looks: 3 }));
  expect(await holdLock(parts, () => Promise.resolve(1))).toBe(1);
  expect(parts.said).toEqual([`waiting for the lock of ${formatHolder(held)}, 10 s at most`]);
});

it('is given up after a while, with who has it and what to do', async () => {
  const parts = request(engine());
  await expect(holdLock(parts, () => Promise.resolve())).rejects.toThrow(
    `the lock of acme-production is held by ${formatHolder(held)}: wait for it, or take it away with --break-lock`,
  );
  expect(removed(parts.runner.lines)).toEqual([]);
});

it('of the same Nx command is waited for as long as it lives', async () => {
  const parts = request(engine({ looks: 30, run: 'desk:1' }));
  await holdLock(parts, () => Promise.resolve());
  expect(parts.said).toEqual([]);
});

it.each([
  ['that expired', { age: 200 }, {}, ', who gives no sign of life'],
  ['that was broken', {}, { force: true }, ''],
])('%s is taken away by its id', async (_, state, more, why) => {
  const parts = request(engine(state), more);
  await holdLock(parts, () => Promise.resolve());
  expect(parts.said).toEqual([
    `the lock of acme-production was taken from ${formatHolder(held)}${why}`,
  ]);
  expect(removed(parts.runner.lines)).toEqual([
    'docker container rm --volumes theirs',
    'docker container rm --volumes ours',
  ]);
});
