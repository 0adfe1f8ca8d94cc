import { expect, it } from 'vitest';
import { defineEvent } from '../events/events.js';
import * as z from 'zod';
import {
  ACK_WAIT_MS,
  consumerDeclaration,
  consumerDeclarations,
  deadStream,
  deadSubject,
  eventStream,
  eventSubject,
  replaySubject,
  WORKING_MS,
} from './topology.js';

const NANOSECONDS = 1_000_000;

it('keeps an event until each consumer is done with it, and recognises it for two minutes', () => {
  expect(eventStream('events', 3)).toMatchObject({
    name: 'events',
    subjects: ['events.>'],
    retention: 'interest',
    storage: 'file',
    duplicate_window: 120_000 * NANOSECONDS,
    num_replicas: 3,
  });
});

it('keeps dead letters until they are replayed, outside the stream of events', () => {
  const { name, subjects, retention } = deadStream('events', 1);
  expect({ name, subjects, retention }).toEqual({
    name: 'events-dead',
    subjects: ['events-dead.>'],
    retention: 'limits',
  });
  expect(deadSubject('events', 'billing', 'order.placed')).toBe('events-dead.billing.order.placed');
});

it('gives a service its event, and what is replayed for it alone', () => {
  expect(consumerDeclaration('events', 'billing', 'order.placed')).toMatchObject({
    durable_name: 'billing_order_placed',
    filter_subjects: ['events.order.placed', 'events._to.billing.order.placed'],
    ack_policy: 'explicit',
    deliver_policy: 'new',
    max_deliver: -1,
    max_ack_pending: -1,
  });
});

it('lets a partition stand still while its first event is not done', () => {
  const contract = { name: 'order.placed', orderBy: 'orderId' };
  const declared = consumerDeclarations('events', 'billing', contract);
  expect(declared[0]).toEqual(consumerDeclaration('events', 'billing', 'order.placed'));
  expect(declared).toHaveLength(9);
  expect(declared[8]).toMatchObject({
    durable_name: 'billing_order_placed_7',
    filter_subjects: ['events.order.placed.7', 'events._to.billing.order.placed.7'],
    max_ack_pending: 1,
    max_deliver: -1,
  });
});

it('replays to a subject that no event can have', () => {
  expect(() => defineEvent('_to.billing.order', z.object({}))).toThrow('must be named like');
  expect(replaySubject('events', 'billing', 'order.placed')).not.toBe(
    eventSubject('events', 'to.billing.order.placed'),
  );
});

it('says several times that a handler still runs before the server gives up on it', () => {
  expect(WORKING_MS * 2).toBeLessThan(ACK_WAIT_MS);
});
