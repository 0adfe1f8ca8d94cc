import { afterEach, expect, it, vi } from 'vitest';
import { EXPIRY, formatHolder, UNRENEWED, type Lock } from '../deployment/lock';
import { leaseObject, parseLease } from '../kubernetes/lease';
import type { LiveObject } from '../kubernetes/live-object';
import { failure, recordingRunner, type Answer } from '../testing/recording-runner';
import { fakeClock } from '../testing/service-task';
import type { Clock } from './clock';
import { holdLease } from './deploy-lease';

const SCOPE = { platform: 'acme', environment: 'production', namespace: 'acme-production' };
const NAME = 'acme-production-deploy';
const theirs: Lock = {
  user: 'ada@laptop',
  pid: 7,
  run: 'laptop:6',
  command: 'kubernetes-deploy of orders',
  id: 'theirs',
  since: '2026-11-21T12:00:00.000Z',
};

/** An API server with one Lease, which refuses a write that names another version than the present one. */
class FakeLease {
  live: LiveObject | undefined;
  looks = 0;
  onLook: () => void = () => undefined;
  #version = 0;

  write(lease: object): LiveObject {
    const { metadata, ...rest } = lease as LiveObject;
    this.live = { ...rest, metadata: { ...metadata, resourceVersion: String(++this.#version) } };
    return this.live;
  }

  heldBy(lock: Lock): void {
    this.write(leaseObject(SCOPE, lock, `2026-11-21T12:00:00.${100 + this.#version}Z`));
  }

  get holder(): string | undefined {
    return this.live && parseLease(this.live)?.lock.id;
  }

  readonly answer: Answer = (_, { args, stdin }) => {
    if (args.includes('get')) {
      this.looks++;
      this.onLook();
      return { stdout: this.live ? JSON.stringify(this.live) : '' };
    }
    const lease = JSON.parse(String(stdin)) as LiveObject;
    if (args.includes('create') && this.live) return failure('Error (AlreadyExists): it exists');
    const { resourceVersion } = this.live?.metadata ?? {};
    return args.includes('replace') && lease.metadata.resourceVersion !== resourceVersion
      ? failure('Error from server (Conflict): the object has been modified')
      : { stdout: JSON.stringify(this.write(lease)) };
  };
}

function request(
  answer: Answer,
  more: { force?: boolean; timeout?: number; run?: string; clock?: Clock } = {},
) {
  const runner = recordingRunner(answer);
  const cluster = { context: 'far', namespace: SCOPE.namespace, file: 'production.yml', runner };
  const { run = 'desk:1', ...rest } = more;
  const said: string[] = [];
  const lost: string[] = [];
  return {
    ...{ cluster, undo: cluster, scope: SCOPE, said, lost },
    holder: { user: 'bob@desk', pid: 8, run, command: 'kubernetes-deploy of users' },
    ...{ timeout: 10, force: false, clock: fakeClock() },
    say: (line: string) => said.push(line),
    onLost: (why: string) => lost.push(why),
    ...rest,
  };
}

afterEach(() => vi.useRealTimers());

it('is free again after the work, also if that fails', async () => {
  const lease = new FakeLease();
  const work = () => {
    expect(lease.holder).toMatch(/^[0-9a-f-]{36}$/);
    return Promise.reject(new Error('no'));
  };
  await expect(holdLease(request(lease.answer), work)).rejects.toThrow('no');
  expect(lease.live).toMatchObject({ kind: 'Lease', metadata: { name: NAME }, spec: {} });
  expect(lease.holder).toBeUndefined();
});

it('is waited for, and the wait is reported once', async () => {
  const lease = new FakeLease();
  lease.heldBy(theirs);
  lease.onLook = () => {
    if (lease.looks === 4) lease.live = undefined;
  };
  const parts = request(lease.answer);
  expect(await holdLease(parts, () => Promise.resolve(1))).toBe(1);
  expect(parts.said).toEqual([`waiting for the lock of ${formatHolder(theirs)}, 10 s at most`]);
});

it('of the same Nx command is waited for as long as its holder is alive', async () => {
  const lease = new FakeLease();
  lease.heldBy(theirs);
  lease.onLook = () => (lease.looks < 60 ? lease.heldBy(theirs) : (lease.live = undefined));
  const parts = request(lease.answer, { run: theirs.run });
  await holdLease(parts, () => Promise.resolve());
  expect(parts.said).toEqual([
    `waiting for the lock of ${formatHolder(theirs)}, which is of the same command`,
  ]);
});

it.each<[string, object, string]>([
  ['its holder gives no sign of life', { timeout: 0 }, ', who stopped renewing it'],
  ['it was broken', { force: true }, ''],
])('is taken away if %s', async (_, more, why) => {
  const lease = new FakeLease();
  lease.heldBy(theirs);
  const parts = request(lease.answer, more);
  await holdLease(parts, () => Promise.resolve());
  expect(parts.said.at(-1)).toBe(
    `the lock of ${NAME} was taken from ${formatHolder(theirs)}${why}`,
  );
});

it('is renewed, also after a write of somebody else that left it ours', async () => {
  vi.useFakeTimers();
  const lease = new FakeLease();
  const clock = { now: () => Date.now(), sleep: () => Promise.resolve() };
  const parts = request(lease.answer, { clock });
  await holdLease(parts, async () => {
    await vi.advanceTimersByTimeAsync(6000);
    lease.write(lease.live!);
    await vi.advanceTimersByTimeAsync(2 * UNRENEWED * 1000);
  });
  expect(parts.lost).toEqual([]);
  expect(lease.holder).toBeUndefined();
});

it('ends the work if someone took it away, and leaves it to them', async () => {
  vi.useFakeTimers();
  const lease = new FakeLease();
  const parts = request(lease.answer);
  await holdLease(parts, async () => {
    lease.heldBy(theirs);
    await vi.advanceTimersByTimeAsync(6000);
  });
  expect(parts.lost).toEqual([`the lock of ${NAME} was taken away by somebody else`]);
  expect(lease.holder).toBe(theirs.id);
});

it('ends the work before the lock can expire if it cannot be renewed', async () => {
  vi.useFakeTimers();
  const lease = new FakeLease();
  let away = false;
  const refused = failure('Unable to connect to the server: timeout');
  const parts = request((line, command) => (away ? refused : lease.answer(line, command)), {
    clock: { now: () => Date.now(), sleep: () => Promise.resolve() },
  });
  await holdLease(parts, async () => {
    await vi.advanceTimersByTimeAsync(6000);
    away = true;
    await vi.advanceTimersByTimeAsync(EXPIRY * 1000);
  });
  expect(parts.lost).toEqual([
    `the lock of ${NAME} could not be renewed for ${UNRENEWED} s, so another deploy may take it`,
  ]);
});
