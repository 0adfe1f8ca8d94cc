/** The arguments of a queue. They can never change: the broker refuses to declare an existing queue with other ones. */
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

/** Everything that is declared before use. Declaring it again changes nothing. */
export interface Topology {
  readonly exchanges: readonly ExchangeDeclaration[];
  readonly queues: readonly QueueDeclaration[];
  readonly bindings: readonly BindingDeclaration[];
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
export function consumerQueue(service: string, event: string): string {
  return `${service}:${event}`;
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

/** What a service needs to consume an event: its queue, and the dead-letter queue. */
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
