import { expect, it } from 'vitest';
import {
  eventDeclaration,
  groupName,
  handlerDeclarations,
  handlerTopics,
  isGroupOf,
  isRetryTopic,
} from './topology.js';

const options = { partitions: 6, retentionDays: 7 };

it('gives each handler topics of its own beside that of the event', () => {
  expect(handlerTopics('events', 'billing', 'order.placed', 2)).toEqual({
    event: 'events.order.placed',
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
  const topics = handlerTopics('events', 'billing', 'order.placed', 1);
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
  const { replay } = handlerTopics('events', 'billing', 'order.placed', 1);
  const isOne = (topic: string) => isRetryTopic(replay, topic);
  expect(isOne('events-retry-12.billing.order.placed')).toBe(true);
  expect(isOne('events-retry-1.mail.order.placed')).toBe(false);
  expect(isOne('events-retry-1.x.billing.order.placed')).toBe(false);
  expect(isOne('events-dead.billing.order.placed')).toBe(false);
});
