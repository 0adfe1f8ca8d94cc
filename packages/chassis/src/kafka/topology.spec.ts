import { expect, it } from 'vitest';
import { ORDER, orderHash } from '../events/event-order.js';
import {
  destinationOf,
  eventDeclaration,
  eventDeclarations,
  groupName,
  handlerDeclarations,
  handlerTopics,
  isGroupOf,
  isRetryTopic,
} from './topology.js';

const options = { partitions: 6, retentionDays: 7 };
const placed = { name: 'order.placed' };

it('gives each handler topics of its own beside that of the event', () => {
  expect(handlerTopics('events', 'billing', placed, 2)).toEqual({
    event: 'events.order.placed',
    ordered: undefined,
    replay: 'events-replay.billing.order.placed',
    retries: ['events-retry-1.billing.order.placed', 'events-retry-2.billing.order.placed'],
    dead: 'events-dead.billing.order.placed',
  });
});

it('recognises the groups of the handlers of an event', () => {
  const group = groupName('events', 'billing', 'order.placed');
  expect(group).toBe('events.billing.order.placed');
  expect(isGroupOf('events', 'order.placed', group)).toBe(true);
  expect(isGroupOf('events', 'placed', group)).toBe(false);
  expect(isGroupOf('other', 'order.placed', group)).toBe(false);
  expect(isGroupOf('events', 'order.placed', 'events.order.placed')).toBe(false);
});

it('keeps dead letters until they are replayed, and events for some days', () => {
  const topics = handlerTopics('events', 'billing', placed, 1);
  const kept = handlerDeclarations(topics, options).map(({ name, settings }) => [
    name.split('.')[0],
    settings['retention.ms'],
  ]);
  expect(kept).toEqual([
    ['events-replay', '604800000'],
    ['events-retry-1', '604800000'],
    ['events-dead', '-1'],
  ]);
});

it('needs two servers for a confirm if three keep a topic', () => {
  const setting = (replicas?: number) =>
    eventDeclaration('events.order.placed', { ...options, replicas }).settings[
      'min.insync.replicas'
    ];
  expect([setting(), setting(1), setting(3)]).toEqual([undefined, undefined, '2']);
});

it('recognises the retry topics of a handler, also of more pauses than it has', () => {
  const { replay } = handlerTopics('events', 'billing', placed, 1);
  const isOne = (topic: string) => isRetryTopic(replay, topic);
  expect(isOne('events-retry-12.billing.order.placed')).toBe(true);
  expect(isOne('events-retry-1.mail.order.placed')).toBe(false);
  expect(isOne('events-retry-1.x.billing.order.placed')).toBe(false);
  expect(isOne('events-dead.billing.order.placed')).toBe(false);
});

it('gives each partition of keys a partition of a topic of its own', () => {
  const contract = { name: 'order.changed', orderBy: 'orderId' };
  const topics = eventDeclarations('events', contract, options);
  expect(topics.map(({ name, partitions }) => [name, partitions])).toEqual([
    ['events.order.changed', 6],
    ['events-ordered.order.changed', 8],
  ]);
  expect(handlerTopics('events', 'billing', contract, 0).ordered).toBe(topics[1]!.name);
  const destination = (headers: Record<string, string>) =>
    destinationOf('events', contract.name, headers);
  const keys = Array.from({ length: 100 }, (_, n) => destination({ [ORDER]: orderHash(n) }));
  expect(new Set(keys.map(({ topic }) => topic))).toEqual(new Set([topics[1]!.name]));
  expect(new Set(keys.map(({ partition }) => partition))).toEqual(new Set(Array(8).keys()));
  expect(destination({ [ORDER]: orderHash(7) })).toEqual(keys[7]);
  expect(destination({})).toEqual({ topic: 'events.order.changed' });
});
