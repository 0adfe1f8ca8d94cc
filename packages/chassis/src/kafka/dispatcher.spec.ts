import type { Admin } from '@platformatic/kafka';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it, vi } from 'vitest';
import { Dispatcher } from './dispatcher.js';
import type { GroupMember } from './group.js';
import type { Verdict } from './handling.js';
import { OwnedPartitions } from './owned-partitions.js';
import type { Entry, Partition } from './partition.js';

const ORDERED = 'events-ordered.order.changed';
const member = {
  committed: (_topic: string, indexes: readonly number[]) =>
    Promise.resolve(new Map(indexes.map((index) => [index, { offset: 0n, note: '' }]))),
  commit: () => Promise.resolve(),
} as unknown as GroupMember;

afterEach(() => void vi.useRealTimers());

type Receive = (partition: Partition, entry: Entry) => Promise<Verdict>;

/** Three partitions with an order, each with the events 0 to 2, as a process has them after it read. */
async function consuming(receive: Receive, prefetch = 10) {
  const partitions = new OwnedPartitions(ORDERED);
  const topics = new Map([['id', ORDERED]]);
  await partitions.reconcile(member, {} as Admin, topics, new Map([['id', [0, 1, 2]]]));
  const record = { key: null, value: null, headers: [] };
  for (const partition of partitions.all) {
    for (const offset of [0n, 1n, 2n])
      partition.add({ offset, key: `key ${offset}`, record, dueAt: 0 });
  }
  const dispatcher = new Dispatcher(
    partitions,
    { receive },
    {
      prefetch,
      member: () => member,
      onSettled: () => undefined,
      onError: () => undefined,
    },
  );
  dispatcher.dispatch();
  return { dispatcher, partitions };
}

it('handles one event of each partition at a time, and those of different ones together', async () => {
  const running = new Set<number>();
  const seen: string[] = [];
  let most = 0;
  await consuming(async ({ index }, { offset }) => {
    expect(running).not.toContain(index);
    running.add(index);
    most = Math.max(most, running.size);
    await sleep(5);
    running.delete(index);
    seen.push(`${index}:${offset}`);
    return { kind: 'done' };
  });
  await vi.waitFor(() => expect(seen).toHaveLength(9));
  expect(most).toBe(3);
  for (const index of [0, 1, 2]) {
    const own = seen.filter((one) => one.startsWith(`${index}:`));
    expect(own).toEqual([0, 1, 2].map((offset) => `${index}:${offset}`));
  }
});

it('lets an event wait for its attempts before those behind it, and no other partition', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
  const seen: string[] = [];
  const { partitions } = await consuming(({ index }, { offset, attempt = 1 }) => {
    seen.push(`${index}:${offset} ${attempt}`);
    const fails = index === 1 && offset === 1n && attempt < 3;
    return Promise.resolve(
      fails ? { kind: 'again', afterMs: 60_000, attempt: attempt + 1 } : { kind: 'done' },
    );
  });
  const slow = () => seen.filter((one) => one.startsWith('1:'));
  await vi.waitFor(() => expect(seen).toHaveLength(8));
  expect(slow()).toEqual(['1:0 1', '1:1 1']);
  expect(partitions.all.map(({ base }) => base)).toEqual([3n, 1n, 3n]);
  await vi.advanceTimersByTimeAsync(61_000);
  await vi.waitFor(() => expect(slow()).toEqual(['1:0 1', '1:1 1', '1:1 2']));
  await vi.advanceTimersByTimeAsync(61_000);
  await vi.waitFor(() => expect(seen).toHaveLength(11));
  expect(slow()).toEqual(['1:0 1', '1:1 1', '1:1 2', '1:1 3', '1:2 1']);
  expect(partitions.all.map(({ base }) => base)).toEqual([3n, 3n, 3n]);
});

it('starts a waiting event again when its pause is over', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
  const seen: string[] = [];
  await consuming(({ index }, { offset, attempt = 1 }) => {
    seen.push(`${index}:${offset} ${attempt}`);
    return Promise.resolve({ kind: 'again', afterMs: 60_000, attempt: attempt + 1 });
  });
  await vi.waitFor(() => expect(seen).toHaveLength(3));
  await vi.advanceTimersByTimeAsync(61_000);
  await vi.waitFor(() =>
    expect(seen).toEqual(['0:0 1', '1:0 1', '2:0 1', '0:0 2', '1:0 2', '2:0 2']),
  );
});

it('does not start a waiting event again in a partition that it gives up', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
  const seen: string[] = [];
  const { partitions } = await consuming(({ index }, { offset }) => {
    seen.push(`${index}:${offset}`);
    return Promise.resolve({ kind: 'again', afterMs: 60_000, attempt: 2 });
  });
  await vi.waitFor(() => expect(seen).toHaveLength(3));
  await partitions.reconcile(member, {} as Admin, new Map([['id', ORDERED]]), new Map());
  await vi.advanceTimersByTimeAsync(200_000);
  expect(seen).toHaveLength(3);
});

it('stops without waiting for the next attempt, and hands out nothing behind it', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
  const seen: string[] = [];
  const { dispatcher, partitions } = await consuming(({ index }, { offset }) => {
    seen.push(`${index}:${offset}`);
    return Promise.resolve({ kind: 'again', afterMs: 60_000, attempt: 2 });
  });
  await vi.waitFor(() => expect(seen).toHaveLength(3));
  await dispatcher.stop();
  await vi.advanceTimersByTimeAsync(200_000);
  expect(seen).toHaveLength(3);
  expect(partitions.all.map(({ base, note }) => [base, note])).toEqual(Array(3).fill([0n, '']));
});
