import type { Admin } from '@platformatic/kafka';
import { expect, it } from 'vitest';
import type { GroupMember, PartitionOffset } from './group.js';
import { OwnedPartitions } from './owned-partitions.js';

const ORDERED = 'events-ordered.order.changed';
const PLAIN = 'events.order.changed';
const topics = new Map([
  ['id-ordered', ORDERED],
  ['id-plain', PLAIN],
]);
const record = { key: null, value: null, headers: [] };

/** A group that is at offset 5 in each partition. */
async function owned() {
  const told: string[] = [];
  const member = {
    committed: (_topic: string, indexes: readonly number[]) =>
      Promise.resolve(new Map(indexes.map((index) => [index, { offset: 5n, note: '' }]))),
    commit: (offsets: readonly PartitionOffset[]) => {
      told.push(
        ...offsets.map(({ topic, index, offset, note }) => `${topic} ${index} ${offset} ${note}`),
      );
      return Promise.resolve();
    },
  } as unknown as GroupMember;
  const partitions = new OwnedPartitions(ORDERED);
  const assign = (...indexes: number[]) =>
    partitions.reconcile(
      member,
      {} as Admin,
      topics,
      new Map([
        ['id-ordered', indexes],
        ['id-plain', [0]],
      ]),
    );
  await assign(0, 1);
  const lane = partitions.all.find(({ topic, index }) => topic === ORDERED && index === 1)!;
  for (const offset of [5n, 6n]) lane.add({ offset, key: 'a', record, dueAt: 0 });
  return { partitions, member, told, lane, assign };
}

it('handles one event at a time in the partitions of an order only', async () => {
  const { partitions } = await owned();
  expect(partitions.all.map(({ topic, isSerial }) => [topic, isSerial])).toEqual([
    [ORDERED, true],
    [ORDERED, true],
    [PLAIN, false],
  ]);
});

it('gives up a partition with an event that waits for its next attempt, before that event', async () => {
  const { partitions, member, told, lane, assign } = await owned();
  const first = lane.next(1)!;
  await partitions.claim(lane, member);
  expect(told.splice(0)).toEqual([`${ORDERED} 1 5 1`]);
  lane.putBack(first, Date.now() + 60_000, 2);
  expect(partitions.hasUncommitted).toBe(true);
  expect(await assign(0)).toBe(true);
  expect(told).toEqual([`${ORDERED} 1 5 `]);
  expect(partitions.all).not.toContain(lane);
});

it('keeps a partition until the handler of its event has ended', async () => {
  const { partitions, member, told, lane, assign } = await owned();
  const first = lane.next(1)!;
  await partitions.claim(lane, member);
  told.length = 0;
  expect(await assign(0)).toBe(false);
  expect([lane.isRevoked, partitions.assignment.get('id-ordered')]).toEqual([true, [0, 1]]);
  lane.finish(first);
  expect(await assign(0)).toBe(true);
  expect(told).toEqual([`${ORDERED} 1 6 `]);
  expect(partitions.assignment.get('id-ordered')).toEqual([0]);
});

it('goes on with the attempts of an event after a new membership', async () => {
  const { partitions, lane, assign } = await owned();
  lane.putBack(lane.next(1)!, 100, 3);
  partitions.end();
  await assign(0, 1);
  expect(partitions.all).toContain(lane);
  expect(lane.next(100)).toMatchObject({ offset: 5n, attempt: 3 });
});
