import { afterEach, expect, it, vi } from 'vitest';
import {
  BEAT,
  beatLabels,
  beatName,
  EXPIRY,
  formatHolder,
  lockLabels,
  lockName,
  UNRENEWED,
  type Lock,
} from '../deployment/lock';
import { FakeVolumes } from '../testing/fake-volumes';
import { failure, recordingRunner, type Answer } from '../testing/recording-runner';
import { fakeClock } from '../testing/service-task';
import type { Clock } from './clock';
import type { Runner } from './process';
import { holdLock } from './deploy-lock';

const PROJECT = 'acme-production';
const theirs: Lock = {
  user: 'ada@laptop',
  pid: 7,
  run: 'laptop:6',
  command: 'compose-deploy of orders',
  id: 'theirs',
  since: '2026-11-21T12:00:00.000Z',
};

/**
 * An engine on which someone else holds the lock. `beats`: one renewal per so many looks. `looks`: after how many looks
 * the lock is free.
 */
function engine({ beats = 3, looks = Infinity, run = theirs.run } = {}) {
  const volumes = new FakeVolumes();
  const held = { ...theirs, run };
  volumes.labels.set(lockName(PROJECT), lockLabels(PROJECT, held));
  let looked = 0;
  const answer: Answer = (line, command) => {
    if (line.includes('volume ls')) {
      looked++;
      if (looked === looks) volumes.labels.delete(lockName(PROJECT));
      if (beats > 0 && looked % beats === 0) {
        const beat = looked / beats;
        volumes.labels.set(beatName(PROJECT, beat), beatLabels(PROJECT, held, beat));
      }
    }
    return volumes.answer(line, command);
  };
  return { volumes, answer };
}

function request(answer: Answer, more: { force?: boolean; timeout?: number; clock?: Clock } = {}) {
  const runner = recordingRunner(answer);
  const said: string[] = [];
  const lost: string[] = [];
  return {
    runner,
    undo: runner,
    said,
    lost,
    address: {},
    project: PROJECT,
    holder: { user: 'bob@desk', pid: 8, run: 'desk:1', command: 'compose-deploy of users' },
    timeout: 10,
    force: false,
    clock: fakeClock(),
    say: (line: string) => said.push(line),
    onLost: (why: string) => lost.push(why),
    ...more,
  };
}

afterEach(() => vi.useRealTimers());

it('is released, also if the work fails', async () => {
  const volumes = new FakeVolumes();
  const work = () => {
    expect([...volumes.labels.keys()]).toEqual([lockName(PROJECT)]);
    return Promise.reject(new Error('no'));
  };
  await expect(holdLock(request(volumes.answer), work)).rejects.toThrow('no');
  expect(volumes.labels.size).toBe(0);
});

it('is waited for, and the wait is reported once', async () => {
  const { answer } = engine({ looks: 4 });
  const parts = request(answer);
  expect(await holdLock(parts, () => Promise.resolve(1))).toBe(1);
  expect(parts.said).toEqual([`waiting for the lock of ${formatHolder(theirs)}, 10 s at most`]);
});

it('times out with a message that names the holder and says what to do', async () => {
  const { answer, volumes } = engine();
  await expect(holdLock(request(answer), () => Promise.resolve())).rejects.toThrow(
    `the lock of acme-production is held by ${formatHolder(theirs)}: wait, or take the lock with --break-lock`,
  );
  expect(volumes.labels.has(lockName(PROJECT))).toBe(true);
});

it('of the same Nx command is waited for as long as its holder is alive', async () => {
  const { answer } = engine({ looks: 60, run: 'desk:1' });
  const parts = request(answer);
  await holdLock(parts, () => Promise.resolve());
  expect(parts.said).toEqual([
    `waiting for the lock of ${formatHolder(theirs)}, which is of the same command`,
  ]);
  const soon = request(engine({ looks: 9, run: 'desk:1' }).answer);
  await holdLock(soon, () => Promise.resolve());
  expect(soon.said).toEqual([]);
});

it.each<[string, number, object, string]>([
  ['that gives no sign of life', 0, {}, ', who stopped renewing it'],
  ['that gives none, with no time to wait', 0, { timeout: 0 }, ', who stopped renewing it'],
  ['that was broken', 3, { force: true }, ''],
])('is taken away if %s', async (_, beats, more, why) => {
  const { answer, volumes } = engine({ beats });
  const parts = request(answer, more);
  await holdLock(parts, () => Promise.resolve());
  expect(parts.said.at(-1)).toBe(
    `the lock of acme-production was taken from ${formatHolder(theirs)}${why}`,
  );
  expect(volumes.labels.size).toBe(0);
});

it('is taken away by only one of several waiting deploys', async () => {
  const { answer, volumes } = engine({ beats: 0 });
  const claim = `${lockName(PROJECT)}.claim-theirs`;
  volumes.labels.set(claim, lockLabels(PROJECT, { ...theirs, id: 'third' }));
  let slept = 0;
  const clock = fakeClock();
  const parts = request(answer, {
    timeout: 120,
    clock: {
      now: () => clock.now(),
      sleep: (milliseconds) => {
        slept++;
        // The deploy that claimed it is done; by now, someone else holds the lock.
        if (slept === EXPIRY + 5) {
          volumes.labels.set(lockName(PROJECT), lockLabels(PROJECT, { ...theirs, id: 'third' }));
          volumes.labels.delete(claim);
        }
        if (slept === EXPIRY + 9) volumes.labels.delete(lockName(PROJECT));
        return clock.sleep(milliseconds);
      },
    },
  });
  await holdLock(parts, () => Promise.resolve());
  expect(parts.said.some((line) => line.includes('was taken from'))).toBe(false);
});

it('is renewed, with one renewal at a time', async () => {
  vi.useFakeTimers();
  const volumes = new FakeVolumes();
  await holdLock(request(volumes.answer), async () => {
    await vi.advanceTimersByTimeAsync(16_000);
    expect([...volumes.labels.keys()]).toEqual([lockName(PROJECT), beatName(PROJECT, 3)]);
  });
  expect(volumes.labels.size).toBe(0);
});

it('is not renewed after the work has ended', async () => {
  vi.useFakeTimers();
  const volumes = new FakeVolumes();
  const { run } = recordingRunner(volumes.answer);
  // As over ssh: the renewal takes longer than the rest of the work.
  const slow: Runner = {
    run: async (command) => {
      if (command.args.at(-1) === beatName(PROJECT, 1)) {
        await new Promise((resolve) => setTimeout(resolve, 3000));
      }
      return run(command);
    },
  };
  const work = () => new Promise((resolve) => setTimeout(resolve, BEAT * 1000 + 500));
  const held = holdLock({ ...request(volumes.answer), runner: slow, undo: slow }, work);
  await vi.advanceTimersByTimeAsync(20_000);
  await held;
  expect([...volumes.labels.keys()]).toEqual([]);
});

it('ends the work if someone took it away', async () => {
  vi.useFakeTimers();
  const volumes = new FakeVolumes();
  const parts = request(volumes.answer);
  await holdLock(parts, async () => {
    volumes.labels.set(lockName(PROJECT), lockLabels(PROJECT, theirs));
    await vi.advanceTimersByTimeAsync(6_000);
  });
  expect(parts.lost).toEqual(['the lock of acme-production was taken away by somebody else']);
  expect(volumes.labels.get(lockName(PROJECT))).toEqual(lockLabels(PROJECT, theirs));
});

it('ends the work before the lock can expire if it cannot be renewed', async () => {
  vi.useFakeTimers();
  const volumes = new FakeVolumes();
  let away = false;
  const clock = { now: () => Date.now(), sleep: () => Promise.resolve() };
  const parts = request(
    (line, command) => (away ? failure('error during connect') : volumes.answer(line, command)),
    { clock },
  );
  await holdLock(parts, async () => {
    await vi.advanceTimersByTimeAsync(6_000);
    away = true;
    await vi.advanceTimersByTimeAsync(EXPIRY * 1000);
  });
  expect(UNRENEWED).toBeLessThan(EXPIRY);
  expect(parts.lost).toEqual([
    `the lock of acme-production could not be renewed for ${UNRENEWED} s, so another deploy may take it`,
  ]);
});
