import { checkConnectionUrl } from '../connections/connection-url.js';
import { abortable } from '../context/deadline.js';
import type { Broker, BrokerOptions } from '../events/broker.js';
import type { EventContract } from '../events/events.js';
import { openBroker, type Transport, type TransportOptions } from '../events/open-broker.js';
import { KafkaConnection, type SaslMechanism } from './connection.js';
import { EventConsumer } from './consumer.js';
import { ConfirmingPublisher } from './publisher.js';
import { beginGroup, Topics } from './topics.js';
import {
  destinationOf,
  eventDeclaration,
  eventDeclarations,
  eventTopic,
  groupName,
  handlerDeclarations,
  isGroupOf,
  orderedDeclaration,
  orderedTopic,
  type TopicDeclaration,
  type TopicOptions,
} from './topology.js';

export interface KafkaOptions<P extends readonly EventContract[]> extends BrokerOptions<P> {
  /** What all topics and groups begin with. Default `events`. */
  prefix?: string;
  /**
   * How many partitions the topic of an event gets when it is created: as many replicas of a service can share its work.
   * Default 6. Events with an order have a topic of their own, which always has 8.
   */
  partitions?: number;
  /** How many servers keep each topic. Default: what the server is configured with. */
  replicas?: number;
  /** After how many days an event is removed, whether it was handled or not. Default 7. Dead letters stay. */
  retentionDays?: number;
  /** How it logs in. Default `PLAIN`. */
  mechanism?: SaslMechanism;
}

export interface Kafka<E extends EventContract = EventContract> extends Broker<E> {
  readonly system: 'kafka';
}

/** How long it is believed that no service handles an event. */
const ASK_AGAIN_MS = 10_000;

/**
 * Kafka 4.0 or newer (`kafka://`, or `kafkas://` with TLS). The host is one server of a cluster, or a name with several
 * addresses. It connects when it is first used, and again after each break, and then consumes again.
 *
 * Each event has a topic, and each handler a consumer group, in which the replicas of a service share the partitions.
 * Topics that are missing are created. An event is confirmed when all servers that keep its topic in step have it.
 *
 * @throws {TypeError} if `url` is invalid.
 */
export function kafka<const P extends readonly EventContract[] = readonly []>(
  url: string,
  options: KafkaOptions<P>,
): Kafka<P[number]> {
  const { name = 'broker', prefix = 'events', mechanism = 'PLAIN' } = options;
  const { partitions = 6, replicas, retentionDays = 7 } = options;
  const topics = { partitions, replicas, retentionDays };
  checkConnectionUrl(name, 'kafka', url);
  return openBroker('kafka', options, (common) =>
    openTransport(url, prefix, mechanism, topics, common),
  );
}

function openTransport(
  url: string,
  prefix: string,
  mechanism: SaslMechanism,
  topicOptions: TopicOptions,
  { service, name, publishes, subscribers, log, ...limits }: TransportOptions,
): Transport {
  const connection = new KafkaConnection(url, {
    ...{ name, clientId: service, mechanism, log },
    timeoutMs: limits.publishTimeoutMs,
    maxReconnectDelayMs: limits.maxReconnectDelayMs,
  });
  const topics = new Topics(connection);
  const published = publishes.flatMap((contract) =>
    eventDeclarations(prefix, contract, topicOptions),
  );
  const begun = new Map<string, Promise<unknown>>();
  const publisher = new ConfirmingPublisher(
    ...([connection, name, limits.publishTimeoutMs] as const),
    async ({ topic, name: event }, isAgain) => {
      if (isAgain) {
        topics.forget();
        begun.delete(topic);
      }
      await ready(topic, event);
    },
  );

  /** Creates the topic of an event, and the groups of the services that are known to handle it. */
  async function ready(topic: string, event: string): Promise<void> {
    const own = declarationOf(topic, event);
    // Those of handlers were created with their handlers.
    if (!own) return;
    const admin = await topics.ensure([
      ...published,
      ...(published.some(({ name }) => name === topic) ? [] : [own]),
    ]);
    const known = subscribers[event] ?? [];
    if (known.length === 0) return;
    const beginning = begun.get(topic) ?? connection.outside(begin);
    begun.set(topic, beginning);
    await beginning;

    function begin(): Promise<unknown> {
      const groups = known.map((one) => groupName(prefix, one, event));
      const all = Promise.all(groups.map((group) => beginGroup(admin, group, topic)));
      all.catch(() => begun.delete(topic));
      return all;
    }
  }

  /** The first event of a new server would else wait for its topics and groups, for seconds on a busy machine. */
  async function check(): Promise<void> {
    await connection.check();
    for (const contract of publishes) {
      const declared = eventDeclarations(prefix, contract, topicOptions);
      await Promise.all(declared.map((topic) => ready(topic.name, contract.name)));
    }
  }

  function declarationOf(topic: string, event: string): TopicDeclaration | undefined {
    if (topic === eventTopic(prefix, event)) return eventDeclaration(topic, topicOptions);
    if (topic === orderedTopic(prefix, event)) return orderedDeclaration(topic, topicOptions);
    return undefined;
  }

  const consumed = new Set<string>();
  const asked = new Map<string, { readonly at: number; readonly answer: Promise<boolean> }>();

  async function hasGroup(event: string): Promise<boolean> {
    if (consumed.has(event)) return true;
    const last = asked.get(event);
    const now = performance.now();
    if (last && now - last.at < ASK_AGAIN_MS) return last.answer;
    const answer = connection.outside(() => askForGroup(event, last === undefined));
    // The event is confirmed, so it is no failure if the server cannot say more.
    asked.set(event, { at: now, answer: answer.catch(() => true) });
    return asked.get(event)!.answer;
  }

  async function askForGroup(event: string, isFirst: boolean): Promise<boolean> {
    const { admin } = await connection.session();
    const groups = await admin.listGroups({ types: ['classic', 'consumer'] });
    const hasOne = [...groups.keys()].some((group) => isGroupOf(prefix, event, group));
    if (hasOne) consumed.add(event);
    else if (isFirst) {
      log().warn({ event }, `${event} was published, but no service has a group for it`);
    }
    return hasOne;
  }

  return {
    destination: prefix,
    keepsOrder: true,
    handlesAllPartitions: true,
    send: async (event) => {
      const destination = destinationOf(prefix, event.name, event.headers);
      await publisher.send({ ...event, ...destination, source: service });
      return hasGroup(event.name);
    },
    consumer: (subscription, options) =>
      new EventConsumer(subscription, connection, topics, publisher, {
        ...options,
        prefix,
        declarations: (own) => [
          ...eventDeclarations(prefix, subscription.contract, topicOptions),
          ...handlerDeclarations(own, topicOptions),
        ],
      }),
    check: (signal) => abortable(check(), signal),
    close: async () => {
      await publisher.close();
      await connection.close();
    },
  };
}
