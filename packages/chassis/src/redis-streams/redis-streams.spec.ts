import { describe, expect, it } from 'vitest';
import { redisAdapter } from '../testing/brokers/redis.js';
import { describeWithoutServer } from '../testing/brokers/without-server.js';
import { durabilityProblems } from './durability.js';
import { readEntry } from './message.js';
import { ABANDONED_MS, handlerKeys, WORKING_MS } from './topology.js';

// On a real server, it is tested in redis-streams.engine.spec.ts.

describeWithoutServer(redisAdapter);

it('gives each handler keys of its own', () => {
  expect(handlerKeys('events', 'billing', 'order.placed')).toEqual({
    handlers: 'events:handlers:order.placed',
    queue: 'events:queue:billing:order.placed',
    paused: 'events:paused:billing:order.placed',
    turn: 'events:turn:billing:order.placed',
    dead: 'events:dead:billing:order.placed',
    group: 'billing',
  });
  expect(handlerKeys('events', 'billing', 'order.placed', 3)).toMatchObject({
    handlers: 'events:handlers:order.placed',
    queue: 'events:queue:billing:order.placed:3',
    turn: 'events:turn:billing:order.placed:3',
    dead: 'events:dead:billing:order.placed',
  });
});

it('says several times that a handler still runs before an event counts as abandoned', () => {
  expect(WORKING_MS * 2).toBeLessThan(ABANDONED_MS);
});

it('reads an entry of a publisher that is not ours', () => {
  expect(readEntry(['1-0', ['body', '{}', 'x-tenant', 'a']])).toEqual({
    id: undefined,
    source: undefined,
    body: Buffer.from('{}'),
    headers: { 'x-tenant': 'a' },
  });
});

describe('durabilityProblems', () => {
  it.each([
    [['appendonly', 'yes', 'appendfsync', 'always', 'maxmemory-policy', 'noeviction'], []],
    [
      ['appendonly', 'no', 'appendfsync', 'everysec', 'maxmemory-policy', 'allkeys-lru'],
      [
        'appendonly is no: it keeps events in memory only',
        'maxmemory-policy is allkeys-lru: it may remove events if it has no memory left',
      ],
    ],
    [
      ['appendonly', 'yes', 'appendfsync', 'everysec', 'appenddirname', 'appendonlydir'],
      ['appendfsync is everysec: it confirms events before they are on the disk'],
    ],
    [[], []],
  ])('of %j', (settings, problems) => {
    expect(durabilityProblems(settings)).toEqual(problems);
  });
});
