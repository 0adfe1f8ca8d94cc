import { checkConnectionUrl } from '../connections/connection-url.js';
import type { Broker, BrokerOptions } from '../events/broker.js';
import { ORDER } from '../events/event-order.js';
import type { ConsumerOptions } from '../events/event-handling.js';
import type { WireEvent } from '../events/event-wire.js';
import type { EventContract, Subscription } from '../events/events.js';
import {
  openBroker,
  type Consumer,
  type Transport,
  type TransportOptions,
} from '../events/open-broker.js';
import { parseAddress, type SqsAddress } from './address.js';
import { AwsConnection } from './connection.js';
import { EventConsumer } from './consumer.js';
import { Declarations } from './declarations.js';
import { isAnswer } from './errors.js';
import { ConfirmingPublisher } from './publisher.js';
import { Queue } from './queue.js';
import { handlerNames, MAX_PAUSE_MS } from './topology.js';

export interface SqsOptions<P extends readonly EventContract[]> extends BrokerOptions<P> {
  /**
   * How long SQS waits for an event before it answers that there is none; 20 s at most. A shorter time costs more calls.
   * Default 20 000.
   */
  pollMs?: number;
}

export interface Sqs<E extends EventContract = EventContract> extends Broker<E> {
  readonly system: 'aws_sqs';
}

const MAX_POLL_MS = 20_000;
/** How long an answer of AWS proves that it can be used. */
const PROVEN_MS = 10_000;

/**
 * Amazon SNS and SQS (`sqs://eu-central-1/shop-production`): a topic for each event, and a queue for each service that
 * handles it. Credentials come from where the AWS SDK finds them. Topics, queues and subscriptions that are missing are
 * created when they are first needed.
 *
 * @throws {TypeError} if `url` is invalid, if a name would be too long, or if SQS cannot wait as long before a retry.
 */
export function sqs<const P extends readonly EventContract[] = readonly []>(
  url: string,
  options: SqsOptions<P>,
): Sqs<P[number]> {
  const { name = 'broker', pollMs = MAX_POLL_MS } = options;
  checkConnectionUrl(name, 'sqs', url);
  const address = parseAddress(url);
  if (pollMs < 1000 || pollMs > MAX_POLL_MS) {
    throw new TypeError(`pollMs is ${pollMs}: SQS waits from 1000 to ${MAX_POLL_MS} ms`);
  }
  return openBroker('aws_sqs', options, (common) => openTransport(address, pollMs, common));
}

function openTransport(
  address: SqsAddress,
  pollMs: number,
  { service, name, publishes, subscribers, log, ...common }: TransportOptions,
): Transport {
  const { prefix } = address;
  for (const delayMs of common.retryDelaysMs) {
    if (delayMs <= MAX_PAUSE_MS) continue;
    throw new TypeError(`a retry after ${delayMs} ms is too late: SQS waits 12 hours at most`);
  }
  const ordered = ({ orderBy }: EventContract): boolean => orderBy !== undefined;
  for (const contract of publishes) {
    for (const one of subscribers[contract.name] ?? []) {
      handlerNames(prefix, one, contract.name, ordered(contract));
    }
  }

  const connection = new AwsConnection(address, { name, timeoutMs: common.publishTimeoutMs, log });
  const declarations = new Declarations(connection, address, log);
  /** Events of an outbox may have been written before the contract had an order. */
  const isOrdered = ({ name: event, headers }: WireEvent): boolean => {
    const handled = common.subscriptions.map(({ contract }) => contract);
    const known = [...publishes, ...handled].find((contract) => contract.name === event);
    return known ? ordered(known) : headers[ORDER] !== undefined;
  };
  const publisher = new ConfirmingPublisher(connection, declarations, {
    resource: name,
    timeoutMs: common.publishTimeoutMs,
    subscribers,
  });

  const consumerOf = (
    subscription: Subscription,
    options: ConsumerOptions,
    isOfOrder: boolean,
  ): EventConsumer => {
    const handler = { prefix, service, event: subscription.contract.name };
    const queue = new Queue(connection, declarations, handler, isOfOrder);
    return new EventConsumer(subscription, queue, { ...options, pollMs });
  };

  return {
    destination: prefix,
    keepsOrder: true,
    // SQS knows the keys themselves, and gives out one event of each at a time.
    handlesAllPartitions: true,
    send: async (event) => {
      const kind = { name: event.name, isOrdered: isOrdered(event) };
      const isRouted = await publisher.send(kind, { ...event, source: service });
      if (!isRouted) common.warnOfUnroutable(event.name);
      return isRouted;
    },
    consumer: (subscription, options) => {
      const plain = consumerOf(subscription, options, false);
      if (!ordered(subscription.contract)) return plain;
      return together(plain, consumerOf(subscription, options, true));
    },
    check: async (signal) => {
      if (connection.answeredWithin(PROVEN_MS)) return;
      try {
        const kinds = publishes.map((one) => ({ name: one.name, isOrdered: ordered(one) }));
        await publisher.check(kinds, signal);
      } catch (error) {
        // That it may not ask says that it can be reached.
        if (!isAnswer(error)) throw error;
      }
      if (connection.outage !== undefined) throw new Error(connection.outage);
    },
    close: async () => {
      await publisher.close();
      connection.close();
    },
  };
}

/** Of an event with an order, also what has none: it was published by a version without, or by another program. */
function together(...consumers: readonly EventConsumer[]): Consumer {
  return {
    get problem() {
      return consumers.map(({ problem }) => problem).find(Boolean);
    },
    start: async () => {
      await Promise.all(consumers.map((consumer) => consumer.start()));
    },
    stop: async () => {
      await Promise.all(consumers.map((consumer) => consumer.stop()));
    },
  };
}
