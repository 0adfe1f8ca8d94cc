import { expect, it } from 'vitest';
import { consumerTopology, retryTopology } from './topology.js';

// Queues that are there cannot be declared in another way: what changes here needs a new name.

it('gives each consumer a queue, and one for what it cannot handle', () => {
  expect(consumerTopology('events', 'billing', 'order.placed')).toEqual({
    exchanges: [],
    queues: [
      {
        queue: 'billing:order.placed:dead',
        durable: true,
        arguments: { 'x-queue-type': 'quorum' },
      },
      {
        queue: 'billing:order.placed',
        durable: true,
        arguments: {
          'x-queue-type': 'quorum',
          'x-dead-letter-exchange': '',
          'x-dead-letter-routing-key': 'billing:order.placed:dead',
          'x-dead-letter-strategy': 'at-least-once',
          'x-overflow': 'reject-publish',
          'x-delivery-limit': 20,
        },
      },
    ],
    bindings: [{ exchange: 'events', queue: 'billing:order.placed', routingKey: 'order.placed' }],
  });
});

it('lets events wait in one queue for each delay', () => {
  expect(retryTopology('billing', 1000)).toEqual({
    exchanges: [{ exchange: 'billing:retry:1000', type: 'fanout', durable: true }],
    queues: [
      {
        queue: 'billing:retry:1000',
        durable: true,
        arguments: {
          'x-queue-type': 'quorum',
          // Without a key of its own an event keeps the one that it came with: its consumer's queue.
          'x-dead-letter-exchange': '',
          'x-dead-letter-strategy': 'at-least-once',
          'x-overflow': 'reject-publish',
          'x-message-ttl': 1000,
        },
      },
    ],
    bindings: [{ exchange: 'billing:retry:1000', queue: 'billing:retry:1000', routingKey: '' }],
  });
});
