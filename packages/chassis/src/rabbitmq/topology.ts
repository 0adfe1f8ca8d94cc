/** A queue as it is declared. One that is there with other arguments is an error of the broker: they never change. */
export interface QueueDeclaration {
  readonly queue: string;
  readonly durable: true;
  readonly arguments: Readonly<Record<string, string | number>>;
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

/** All that is declared before it is used; any number of times. */
export interface Topology {
  readonly exchanges: readonly ExchangeDeclaration[];
  readonly queues: readonly QueueDeclaration[];
  readonly bindings: readonly BindingDeclaration[];
}

/**
 * How often an event is delivered to a process that ends, or loses its connection, before it answers.
 * Then the broker itself puts it into the dead-letter queue: it may be what ends the process.
 */
const DELIVERY_LIMIT = 20;

/** Replicated if the broker is a cluster, and on disk before it is confirmed. */
const QUORUM = { 'x-queue-type': 'quorum' };

/** The one that the broker always has: it delivers to the queue that the routing key names. */
const DEFAULT_EXCHANGE = '';

/** Dead letters leave a queue when the next one has them, which only a queue that drops nothing can promise. */
const SAFE_DEAD_LETTERING = {
  'x-dead-letter-exchange': DEFAULT_EXCHANGE,
  'x-dead-letter-strategy': 'at-least-once',
  'x-overflow': 'reject-publish',
};

/** Names have no colon, so the queues of two consumers never meet. */
export function consumerQueue(service: string, event: string): string {
  return `${service}:${event}`;
}

export function deadQueue(service: string, event: string): string {
  return `${consumerQueue(service, event)}:dead`;
}

/** Of an exchange and of the queue behind it. */
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

/** What a service needs to get an event: the queue, and the one for those that it could not handle. */
export function consumerTopology(exchange: string, service: string, event: string): Topology {
  const queue = consumerQueue(service, event);
  const dead = deadQueue(service, event);
  return {
    exchanges: [],
    queues: [
      { queue: dead, durable: true, arguments: QUORUM },
      {
        queue,
        durable: true,
        arguments: {
          ...QUORUM,
          ...SAFE_DEAD_LETTERING,
          'x-dead-letter-routing-key': dead,
          'x-delivery-limit': DELIVERY_LIMIT,
        },
      },
    ],
    bindings: [{ exchange, queue, routingKey: event }],
  };
}

/**
 * Where events of a service wait. Its exchange takes all, under the name of the consumer's queue; when their
 * time is over the broker hands them to that queue, and no other consumer sees them again. A queue per delay, since
 * only what is first in a queue can leave it.
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
