import { describe, expect, it } from 'vitest';
import { Partition, type Entry } from './partition.js';

const record = { key: null, value: null, headers: [] };

function partition(claims = 0, isSerial = false) {
  const place = { topic: 'events.order.placed', topicId: 'id', index: 0, offset: 5n };
  return new Partition({ ...place, claims, isSerial });
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

it('takes back that it took an event, if that did not end the process', () => {
  const one = partition(3);
  for (const offset of [5n, 6n]) add(one, offset);
  const first = one.next(1)!;
  one.claim();
  expect([one.note, one.isUncommitted]).toEqual(['4', true]);
  one.committedNote = one.note;
  one.putBack(first, 0);
  expect([one.note, one.claiming, one.isUncommitted]).toEqual(['3', undefined, true]);
  one.finish(one.next(1)!);
  expect(one.note).toBe('');
  one.claim();
  expect([one.base, one.note]).toEqual([6n, '1']);
});

it('does not take it back while others of it are being handled', () => {
  const one = partition();
  for (const offset of [5n, 6n]) add(one, offset);
  const [first, second] = [one.next(1)!, one.next(1)!];
  one.claim();
  one.putBack(second, 0);
  expect(one.note).toBe('1');
  one.putBack(first, 0);
  expect(one.note).toBe('');
});

describe('with an order', () => {
  it('hands out one event at a time, whatever its key', () => {
    const one = partition(0, true);
    add(one, 5n, { key: 'a' });
    add(one, 6n, { key: 'b' });
    const first = one.next(1)!;
    expect(one.next(1)).toBeUndefined();
    one.finish(first);
    expect(one.base).toBe(6n);
    expect(one.next(1)?.offset).toBe(6n);
  });

  it('lets nothing overtake an event that failed, until that is done', () => {
    const one = partition(0, true);
    for (const offset of [5n, 6n, 7n]) add(one, offset, { key: 'a' });
    one.putBack(one.next(1)!, 100, 2);
    add(one, 8n);
    expect([one.next(99), one.base]).toEqual([undefined, 5n]);
    const again = one.next(100)!;
    expect([again.offset, again.attempt]).toEqual([5n, 2]);
    expect(one.next(100)).toBeUndefined();
    one.putBack(again, 200, 3);
    expect(one.next(199)).toBeUndefined();
    const last = one.next(200)!;
    expect([last.offset, last.attempt]).toEqual([5n, 3]);
    one.finish(last);
    expect([one.next(200)?.offset, one.base]).toEqual([6n, 6n]);
  });
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
