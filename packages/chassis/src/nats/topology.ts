import {
  AckPolicy,
  DeliverPolicy,
  DiscardPolicy,
  RetentionPolicy,
  StorageType,
  type ConsumerConfig,
  type StreamConfig,
} from '@nats-io/jetstream';
import { PARTITIONS } from '../events/event-order.js';

const NANOSECONDS = 1_000_000;

/** Within this time, the server drops an event that it already has. */
const DUPLICATE_WINDOW_MS = 120_000;

/** How soon another replica gets an event if the process that handles it is killed. */
export const ACK_WAIT_MS = 15_000;
/** How often a running handler says that it still runs. */
export const WORKING_MS = ACK_WAIT_MS / 3;

/**
 * How often an event is delivered if each time the process ends before it acknowledges. After that, the event becomes a
 * dead letter without being handled, because it may be what ends the process.
 */
export const DELIVERY_LIMIT = 20;

/** No event has a name that begins with this. */
const REPLAYED = '_to';

type StreamDeclaration = Partial<StreamConfig> & { name: string };
type ConsumerDeclaration = Partial<ConsumerConfig> & { durable_name: string };

/** The stream of all events. An event leaves it when each consumer that existed when it came is done with it. */
export function eventStream(stream: string, replicas: number): StreamDeclaration {
  return {
    name: stream,
    subjects: [`${stream}.>`],
    retention: RetentionPolicy.Interest,
    storage: StorageType.File,
    // A stream with a limit refuses events when it is full. It never drops any.
    discard: DiscardPolicy.New,
    duplicate_window: DUPLICATE_WINDOW_MS * NANOSECONDS,
    num_replicas: replicas,
  };
}

/** The stream of all dead letters, which stay there until they are replayed. */
export function deadStream(stream: string, replicas: number): StreamDeclaration {
  return {
    ...eventStream(stream, replicas),
    name: deadStreamName(stream),
    subjects: [`${deadStreamName(stream)}.>`],
    retention: RetentionPolicy.Limits,
  };
}

export function deadStreamName(stream: string): string {
  return `${stream}-dead`;
}

/** The words of an event's name begin with a letter, so a partition is never part of another name. */
export function eventSubject(stream: string, event: string, partition?: number): string {
  return `${stream}.${event}${partition === undefined ? '' : `.${partition}`}`;
}

export function deadSubject(stream: string, service: string, event: string): string {
  return `${deadStreamName(stream)}.${service}.${event}`;
}

/** Only one service gets what is published here. */
export function replaySubject(
  stream: string,
  service: string,
  event: string,
  partition?: number,
): string {
  return eventSubject(`${stream}.${REPLAYED}.${service}`, event, partition);
}

/** The names of services and events contain no underscore, so the names of two consumers never collide. */
export function consumerName(service: string, event: string, partition?: number): string {
  return eventSubject(service, event, partition).replaceAll('.', '_');
}

/** All that a service needs to consume an event: with an order, also one for each partition. */
export function consumerDeclarations(
  stream: string,
  service: string,
  { name, orderBy }: { name: string; orderBy?: string },
): ConsumerDeclaration[] {
  const partitions = [undefined, ...(orderBy === undefined ? [] : PARTITIONS)];
  return partitions.map((partition) => consumerDeclaration(stream, service, name, partition));
}

/** What a service needs to consume an event, or a partition of it. Its replicas share it. */
export function consumerDeclaration(
  stream: string,
  service: string,
  event: string,
  partition?: number,
): ConsumerDeclaration {
  return {
    durable_name: consumerName(service, event, partition),
    filter_subjects: [
      eventSubject(stream, event, partition),
      replaySubject(stream, service, event, partition),
    ],
    // Not what waits in the stream for older consumers.
    deliver_policy: DeliverPolicy.New,
    ack_policy: AckPolicy.Explicit,
    ack_wait: ACK_WAIT_MS * NANOSECONDS,
    // Events that wait for a retry count, too. So a partition stands still while its first event is not done. Otherwise
    // it is unlimited, because enough of them would stop all others.
    max_ack_pending: partition === undefined ? -1 : 1,
    max_deliver: -1,
    // Each free handler of each replica asks for an event.
    max_waiting: 4096,
  };
}
