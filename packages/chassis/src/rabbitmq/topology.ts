import { PARTITIONS } from '../events/event-order.js';

/** The arguments of a queue. They can never change: the broker refuses to declare an existing queue with other ones. */
export interface QueueDeclaration {
  readonly queue: string;
  readonly durable: true;
  readonly arguments: Readonly<Record<string, string | number | boolean>>;
}

export interface ExchangeDeclaration {
  readonly exchange: string;
  readonly type: 'topic' | 'fanout';
  readonly durable: true;
}

export interface BindingDeclaration {
  readonly exchange: string;
  readonly queue: string;
  readonly routingKey: string;
}

/** Everything that is declared before use. Declaring it again changes nothing. */
export interface Topology {
  readonly exchanges: readonly ExchangeDeclaration[];
  readonly queues: readonly QueueDeclaration[];
  readonly bindings: readonly BindingDeclaration[];
}

/** Whose events there is to declare for. */
export interface ConsumedEvent {
  readonly name: string;
  readonly orderBy?: string;
}

/**
 * How often an event is delivered if the process ends, or loses its connection, before it acknowledges. After that, the
 * broker itself moves it to the dead-letter queue, because the event may be what ends the process.
 */
export const DELIVERY_LIMIT = 20;

/** Replicated if the broker is a cluster, and on disk before it is confirmed. */
const QUORUM = { 'x-queue-type': 'quorum' };

/** The default exchange of every broker: it delivers to the queue with the name of the routing key. */
const DEFAULT_EXCHANGE = '';

/**
 * With this, a dead letter leaves its queue only after the next queue has it. That needs a queue that never drops
 * messages.
 */
const SAFE_DEAD_LETTERING = {
  'x-dead-letter-exchange': DEFAULT_EXCHANGE,
  'x-dead-letter-strategy': 'at-least-once',
  'x-overflow': 'reject-publish',
};

/** Names contain no colon, so the queue names of two consumers never collide. */
export function consumerQueue(service: string, event: string, partition?: number): string {
  return `${service}:${eventKey(event, partition)}`;
}

/** The routing key of an event. */
export function eventKey(event: string, partition?: number): string {
  return partition === undefined ? event : `${event}:${partition}`;
}

export function deadQueue(service: string, event: string): string {
  return `${consumerQueue(service, event)}:dead`;
}

/** The name of an exchange and of the queue bound to it. */
export function retryName(service: string, delayMs: number): string {
  return `${service}:retry:${delayMs}`;
}

export function eventExchange(exchange: string): Topology {
  return {
    exchanges: [{ exchange, type: 'topic', durable: true }],
    queues: [],
    bindings: [],
  };
}

/**
 * What a service needs to consume an event: its queue, and the dead-letter queue. If the event has an order, also a queue
 * for each partition. The broker gives these to one consumer at a time, and what that leaves behind to the next one, in
 * the same order.
 */
export function consumerTopology(
  exchange: string,
  service: string,
  { name, orderBy }: ConsumedEvent,
): Topology {
  const dead = deadQueue(service, name);
  const consumed = {
    ...QUORUM,
    ...SAFE_DEAD_LETTERING,
    'x-dead-letter-routing-key': dead,
    'x-delivery-limit': DELIVERY_LIMIT,
  };
  const inOrder = { ...consumed, 'x-single-active-consumer': true };
  const queueOf = (partition?: number): QueueDeclaration => ({
    queue: consumerQueue(service, name, partition),
    durable: true,
    arguments: partition === undefined ? consumed : inOrder,
  });
  const partitions = [undefined, ...(orderBy === undefined ? [] : PARTITIONS)];
  return {
    exchanges: [],
    queues: [
      { queue: dead, durable: true, arguments: QUORUM },
      ...partitions.map((partition) => queueOf(partition)),
    ],
    bindings: partitions.map((partition) => ({
      exchange,
      queue: consumerQueue(service, name, partition),
      routingKey: eventKey(name, partition),
    })),
  };
}

/**
 * Where events of a service wait for a retry. The exchange accepts all of them, with the consumer's queue as the
 * routing key. When their time is over, the broker moves them to that queue, so no other consumer gets them again.
 * There is one queue per delay, because only the first message of a queue can expire.
 */
export function retryTopology(service: string, delayMs: number): Topology {
  const name = retryName(service, delayMs);
  return {
    exchanges: [{ exchange: name, type: 'fanout', durable: true }],
    queues: [
      {
        queue: name,
        durable: true,
        arguments: { ...QUORUM, ...SAFE_DEAD_LETTERING, 'x-message-ttl': delayMs },
      },
    ],
    bindings: [{ exchange: name, queue: name, routingKey: '' }],
  };
}
