import {
  AckPolicy,
  DeliverPolicy,
  DiscardPolicy,
  RetentionPolicy,
  StorageType,
  type ConsumerConfig,
  type StreamConfig,
} from '@nats-io/jetstream';

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

export function eventSubject(stream: string, event: string): string {
  return `${stream}.${event}`;
}

export function deadSubject(stream: string, service: string, event: string): string {
  return `${deadStreamName(stream)}.${service}.${event}`;
}

/** Only one service gets what is published here. */
export function replaySubject(stream: string, service: string, event: string): string {
  return `${stream}.${REPLAYED}.${service}.${event}`;
}

/** The names of services and events contain no underscore, so the names of two consumers never collide. */
export function consumerName(service: string, event: string): string {
  return `${service}_${event.replaceAll('.', '_')}`;
}

/** What a service needs to consume an event. Its replicas share it. */
export function consumerDeclaration(
  stream: string,
  service: string,
  event: string,
): ConsumerDeclaration {
  return {
    durable_name: consumerName(service, event),
    filter_subjects: [eventSubject(stream, event), replaySubject(stream, service, event)],
    // Not what waits in the stream for older consumers.
    deliver_policy: DeliverPolicy.New,
    ack_policy: AckPolicy.Explicit,
    ack_wait: ACK_WAIT_MS * NANOSECONDS,
    // Unlimited, because events that wait for a retry count, too: enough of them would stop all others.
    max_ack_pending: -1,
    max_deliver: -1,
    // Each free handler of each replica asks for an event.
    max_waiting: 4096,
  };
}
