import { expect, it } from 'vitest';
import { consumerTopology, retryTopology } from './topology.js';

// Existing queues cannot be declared with other arguments. If something here changes, it needs a new name.

it('gives each consumer a queue, and a dead-letter queue', () => {
  expect(consumerTopology('events', 'billing', { name: 'order.placed' })).toEqual({
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

it('gives a consumer of an event with an order a queue for each partition, which one process at a time reads', () => {
  const contract = { name: 'order.placed', orderBy: 'orderId' };
  const { queues, bindings } = consumerTopology('events', 'billing', contract);
  expect(queues.map(({ queue }) => queue)).toEqual([
    'billing:order.placed:dead',
    'billing:order.placed',
    ...[0, 1, 2, 3, 4, 5, 6, 7].map((partition) => `billing:order.placed:${partition}`),
  ]);
  expect(queues.at(-1)!.arguments).toEqual({
    ...queues[1]!.arguments,
    'x-single-active-consumer': true,
  });
  expect(bindings.at(-1)).toEqual({
    exchange: 'events',
    queue: 'billing:order.placed:7',
    routingKey: 'order.placed:7',
  });
});

it('makes events wait in one queue per delay', () => {
  expect(retryTopology('billing', 1000)).toEqual({
    exchanges: [{ exchange: 'billing:retry:1000', type: 'fanout', durable: true }],
    queues: [
      {
        queue: 'billing:retry:1000',
        durable: true,
        arguments: {
          'x-queue-type': 'quorum',
          // Without a routing key of its own, an event keeps the original one: its consumer's queue.
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
