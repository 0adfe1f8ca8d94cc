import { subscribersOf } from './event';
import type { Platform, Service } from './platform';

/** The exchange of all events of the platform, as `@org/chassis` names it by default. */
export const EVENT_EXCHANGE = 'events';

/** The exchange for a service's failed events and dead letters. It exists in every broker. */
const DEFAULT_EXCHANGE = 'amq.default';

const VHOST = '/';

/** Into how many queues `@org/chassis` divides an event with an order: `billing:order.changed:0` to `7`. */
const PARTITIONS: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 7];

/** Whether the contract of an event has `orderBy`. */
export type IsOrdered = (event: string) => boolean;

/**
 * The arguments of a queue. `@org/chassis` declares queues with the same ones; with others, the broker would refuse.
 */
interface QueueDefinition {
  name: string;
  arguments: Readonly<Record<string, string | number | boolean>>;
}

/** A definitions file of RabbitMQ, without its users: https://www.rabbitmq.com/docs/definitions */
export type BrokerDefinitions = Readonly<Record<string, readonly Record<string, unknown>[]>>;

/**
 * What one service may do at the broker: declare, read and write queues whose names start with its own name and a
 * colon, and use the exchange of events. If its manifest has events, it may only publish and bind those.
 *
 * The queues of services that subscribe to its events are declared here, because it may not declare them itself. So an
 * event that is published before a subscriber's first start waits in its queue.
 */
export function brokerDefinitions(
  platform: Platform,
  service: Service,
  isOrdered: IsOrdered = () => false,
): BrokerDefinitions {
  const { name, publishes, subscribes } = service;
  const own = `${name}:.*`;
  const user = { user: name, vhost: VHOST };
  const waiting = publishes.flatMap((event) =>
    subscribersOf(platform, event).map((subscriber) => ({
      event,
      subscriber,
      keys: keysOf(event, isOrdered(event)),
    })),
  );
  const hasEvents = publishes.length > 0 || subscribes.length > 0;
  return {
    permissions: [
      {
        ...user,
        configure: oneOf([EVENT_EXCHANGE, own]),
        write: oneOf([EVENT_EXCHANGE, literal(DEFAULT_EXCHANGE), own]),
        read: oneOf([EVENT_EXCHANGE, own]),
      },
    ],
    topic_permissions: hasEvents
      ? [
          {
            ...user,
            exchange: EVENT_EXCHANGE,
            write: oneOf(publishes.map(routingKeys)),
            read: oneOf(subscribes.map(routingKeys)),
          },
        ]
      : [],
    exchanges: [
      {
        name: EVENT_EXCHANGE,
        vhost: VHOST,
        type: 'topic',
        durable: true,
        auto_delete: false,
        internal: false,
        arguments: {},
      },
    ],
    queues: waiting
      .flatMap(({ event, subscriber, keys }) => queuesOf(subscriber, event, keys))
      .map((queue) => ({ ...queue, vhost: VHOST, durable: true, auto_delete: false })),
    bindings: waiting.flatMap(({ subscriber, keys }) =>
      keys.map((key) => ({
        source: EVENT_EXCHANGE,
        vhost: VHOST,
        destination: queueOf(subscriber, key),
        destination_type: 'queue',
        routing_key: key,
        arguments: {},
      })),
    ),
  };
}

/** The routing keys of an event; of an ordered one, that of events from before it had an order, and of its partitions. */
function keysOf(event: string, isOrdered: boolean): string[] {
  return [event, ...(isOrdered ? PARTITIONS.map((partition) => `${event}:${partition}`) : [])];
}

function queueOf(service: string, key: string): string {
  return `${service}:${key}`;
}

function queuesOf(service: string, event: string, keys: readonly string[]): QueueDefinition[] {
  const dead = `${queueOf(service, event)}:dead`;
  const quorum = { 'x-queue-type': 'quorum' };
  const consumed = {
    ...quorum,
    'x-dead-letter-exchange': '',
    'x-dead-letter-strategy': 'at-least-once',
    'x-overflow': 'reject-publish',
    'x-dead-letter-routing-key': dead,
    'x-delivery-limit': 20,
  };
  return [
    { name: dead, arguments: quorum },
    ...keys.map((key) => ({
      name: queueOf(service, key),
      arguments: key === event ? consumed : { ...consumed, 'x-single-active-consumer': true },
    })),
  ];
}

/** A pattern that matches exactly these; `^$` for none. */
function oneOf(patterns: readonly string[]): string {
  return patterns.length === 0 ? '^$' : `^(${patterns.join('|')})$`;
}

/** Of an event, and of its partitions if its contract has `orderBy`. */
function routingKeys(event: string): string {
  return `${literal(event)}(:[0-9])?`;
}

function literal(text: string): string {
  return text.replaceAll('.', String.raw`\.`);
}

/**
 * Creates a service's account and gives it its rights. A shell script for the image of RabbitMQ. It needs the broker's
 * volume, because the Erlang cookie in it lets the script sign in. Expects ACCOUNT and ACCOUNT_PASSWORD. Other accounts
 * stay as they are.
 */
export function brokerAccountScript(definitions: BrokerDefinitions, broker: string): string {
  return String.raw`umask 077
password=$(printf '%s' "$ACCOUNT_PASSWORD" | sed 's/[\\"]/\\&/g')
{
  printf '{"users":[{"name":"%s","password":"%s","tags":""}],\n' "$ACCOUNT" "$password"
  cat <<'JSON'
${Object.entries(definitions)
  .map(([key, values]) => `"${key}":${JSON.stringify(values)}`)
  .join(',\n')}}
JSON
} > /tmp/definitions.json
rabbitmqctl --quiet --node rabbit@${broker} import_definitions /tmp/definitions.json
echo "$ACCOUNT may use its own queues and the exchange ${EVENT_EXCHANGE}"`;
}
