import { describe, expect, it } from 'vitest';
import { Partition, type Entry } from './partition.js';

const record = { key: null, value: null, headers: [] };

function partition(claims = 0) {
  const start = { topic: 'events.order.placed', topicId: 'id', index: 0, offset: 5n, claims };
  return new Partition(start);
}

function add(to: Partition, offset: bigint, { key, dueAt = 0 }: Partial<Entry> = {}) {
  to.add({ offset, key, record, dueAt });
}

describe('what the server is told', () => {
  it('is the first offset that is not done, whatever is done after it', () => {
    const one = partition();
    for (const offset of [5n, 6n, 7n]) add(one, offset);
    const [first, second, third] = [one.next(1)!, one.next(1)!, one.next(1)!];
    expect(one.next(1)).toBeUndefined();
    one.finish(second);
    one.finish(third);
    expect(one.base).toBe(5n);
    one.finish(first);
    expect(one.base).toBe(8n);
    expect(one.running).toBe(0);
  });

  it('is beyond what is no event', () => {
    const one = partition();
    add(one, 5n);
    one.finish(one.next(1)!);
    one.position = 9n;
    expect(one.base).toBe(9n);
  });

  it('stays at an event that is handled again', () => {
    const one = partition();
    for (const offset of [5n, 6n]) add(one, offset);
    const [first, second] = [one.next(1)!, one.next(1)!];
    one.finish(second);
    one.putBack(first, 100);
    expect(one.base).toBe(5n);
    expect(one.next(99)).toBeUndefined();
    expect(one.next(100)?.offset).toBe(5n);
  });
});

it('lets nothing overtake an event that waits', () => {
  const one = partition();
  add(one, 5n, { dueAt: 50 });
  add(one, 6n);
  expect(one.next(49)).toBeUndefined();
  expect([one.next(50)?.offset, one.next(50)?.offset]).toEqual([5n, 6n]);
});

it('hands out events with one key one after the other', () => {
  const one = partition();
  add(one, 5n, { key: 'a' });
  add(one, 6n, { key: 'a' });
  add(one, 7n, { key: 'b' });
  add(one, 8n, { key: 'a' });
  const first = one.next(1)!;
  expect(first.offset).toBe(5n);
  expect(one.next(1)?.offset).toBe(7n);
  expect(one.next(1)).toBeUndefined();
  one.finish(first);
  expect(one.next(1)?.offset).toBe(6n);
  expect(one.next(1)).toBeUndefined();
});

it('counts how often the first event was taken, until it is done', () => {
  const one = partition(3);
  for (const offset of [5n, 6n]) add(one, offset);
  one.claim();
  expect(one.claims).toBe(4);
  one.finish(one.next(1)!);
  expect(one.claims).toBe(0);
});

it('goes on after a new membership unless another process got further', () => {
  const one = partition();
  for (const offset of [5n, 6n, 7n]) add(one, offset);
  const [first] = [one.next(1)!, one.next(1)!];
  one.finish(first);
  expect(one.continuesAt('id', 5n)).toBe(true);
  expect(one.continuesAt('id', 6n)).toBe(true);
  expect(one.continuesAt('id', 7n)).toBe(false);
  // The topic was deleted and created again.
  expect(one.continuesAt('other', 5n)).toBe(false);
});
