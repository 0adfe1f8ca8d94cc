import { PARTITIONS, partitionOf } from '../events/event-order.js';
import type { EventContract } from '../events/events.js';

/** How soon a new consumer asks again for the partitions that others must give up first. */
export const HEARTBEAT_MS = 1000;

/**
 * How often an event is delivered if each time the process ends before it is done. After that, the event becomes a dead
 * letter without being handled, because it may be what ends the process.
 */
export const DELIVERY_LIMIT = 20;

const DAY_MS = 86_400_000;
/** An event has up to 1 MiB, and headers. */
const MAX_MESSAGE_BYTES = 2 * 1024 * 1024;

export interface TopicOptions {
  readonly partitions: number;
  /** Default: what the server is configured with. */
  readonly replicas?: number;
  readonly retentionDays: number;
}

export interface TopicDeclaration {
  readonly name: string;
  readonly partitions: number;
  readonly replicas: number;
  readonly settings: Readonly<Record<string, string>>;
}

/** What a handler reads: its event, and what comes again for it alone. */
export interface HandlerTopics {
  readonly event: string;
  /** Of an event with an order. */
  readonly ordered: string | undefined;
  readonly replay: string;
  /** One for each pause, so that in each of them the first event is also the first that is due. */
  readonly retries: readonly string[];
  readonly dead: string;
}

export function eventTopic(prefix: string, event: string): string {
  return `${prefix}.${event}`;
}

/**
 * Beside the topic of the event, because the number of its partitions is a part of the order: each partition of keys is
 * one partition of this topic.
 */
export function orderedTopic(prefix: string, event: string): string {
  return `${prefix}-ordered.${event}`;
}

/** Where an event goes that is published; the first free partition if none is said. */
export function destinationOf(
  prefix: string,
  event: string,
  headers: Readonly<Record<string, string>>,
): { readonly topic: string; readonly partition?: number } {
  const partition = partitionOf(headers);
  return partition === undefined
    ? { topic: eventTopic(prefix, event) }
    : { topic: orderedTopic(prefix, event), partition };
}

/** The names of services contain no dot, so the topics of two handlers never collide. */
export function retryTopic(prefix: string, service: string, event: string, step: number): string {
  return `${prefix}-retry-${step}.${service}.${event}`;
}

/** Whether it is a retry topic of the handler with this topic for replays. */
export function isRetryTopic(replay: string, topic: string): boolean {
  const at = replay.indexOf('-replay.');
  const [prefix, handler] = [`${replay.slice(0, at)}-retry-`, replay.slice(at + '-replay'.length)];
  if (!topic.startsWith(prefix) || !topic.endsWith(handler)) return false;
  return /^\d+$/.test(topic.slice(prefix.length, -handler.length));
}

/** The consumer group of one handler: of one service, for one event. The replicas of the service share it. */
export function groupName(prefix: string, service: string, event: string): string {
  return `${prefix}.${service}.${event}`;
}

/** Whether it is the group of a handler of this event. */
export function isGroupOf(prefix: string, event: string, group: string): boolean {
  const [start, end] = [`${prefix}.`, `.${event}`];
  if (!group.startsWith(start) || !group.endsWith(end)) return false;
  const service = group.slice(start.length, -end.length);
  return service !== '' && !service.includes('.');
}

export function handlerTopics(
  prefix: string,
  service: string,
  { name: event, orderBy }: Pick<EventContract, 'name' | 'orderBy'>,
  retries: number,
): HandlerTopics {
  return {
    event: eventTopic(prefix, event),
    ordered: orderBy === undefined ? undefined : orderedTopic(prefix, event),
    replay: `${prefix}-replay.${service}.${event}`,
    retries: Array.from({ length: retries }, (_, n) => retryTopic(prefix, service, event, n + 1)),
    dead: `${prefix}-dead.${service}.${event}`,
  };
}

/** A topic that all services read. Its events are removed when they are old, whether they were handled or not. */
export function eventDeclaration(name: string, options: TopicOptions): TopicDeclaration {
  return {
    name,
    partitions: options.partitions,
    replicas: options.replicas ?? -1,
    settings: {
      'cleanup.policy': 'delete',
      'retention.ms': String(options.retentionDays * DAY_MS),
      'retention.bytes': '-1',
      'max.message.bytes': String(MAX_MESSAGE_BYTES),
      // With fewer, it refuses events instead of confirming what only one server has.
      ...((options.replicas ?? 1) > 2 ? { 'min.insync.replicas': '2' } : {}),
    },
  };
}

/** The topics of an event, which all services read. */
export function eventDeclarations(
  prefix: string,
  { name, orderBy }: Pick<EventContract, 'name' | 'orderBy'>,
  options: TopicOptions,
): TopicDeclaration[] {
  return [
    eventDeclaration(eventTopic(prefix, name), options),
    ...(orderBy === undefined ? [] : [orderedDeclaration(orderedTopic(prefix, name), options)]),
  ];
}

export function orderedDeclaration(name: string, options: TopicOptions): TopicDeclaration {
  return eventDeclaration(name, { ...options, partitions: PARTITIONS.length });
}

/** What a handler has for itself. Dead letters stay until they are replayed. */
export function handlerDeclarations(
  topics: HandlerTopics,
  options: TopicOptions,
): TopicDeclaration[] {
  const single = { ...options, partitions: 1 };
  const dead = eventDeclaration(topics.dead, single);
  return [
    ...[topics.replay, ...topics.retries].map((name) => eventDeclaration(name, single)),
    { ...dead, settings: { ...dead.settings, 'retention.ms': '-1' } },
  ];
}
