/** How soon another replica gets an event if the process that handles it is killed. */
export const ABANDONED_MS = 15_000;
/** How often a running handler says that it still runs. */
export const WORKING_MS = ABANDONED_MS / 3;

/**
 * How often an event is delivered if each time the process ends before it is done. After that, the event becomes a dead
 * letter without being handled, because it may be what ends the process.
 */
export const DELIVERY_LIMIT = 20;

/** The keys of one handler: of one service, for one event. The replicas of the service share them. */
export interface HandlerKeys {
  /** A set: the services that handle the event. Each has a queue. */
  readonly handlers: string;
  /** A stream with a copy of each event that the service has not finished. */
  readonly queue: string;
  /** A sorted set: which entries of the queue wait for a retry, and until when. */
  readonly paused: string;
  /** A hash: who handles the first event of a partition, and until when nobody else may. */
  readonly turn: string;
  /** A stream with the dead letters. */
  readonly dead: string;
  /** The name of the group of the queue, and of its only consumer. */
  readonly group: string;
}

export function handlersKey(prefix: string, event: string): string {
  return `${prefix}:handlers:${event}`;
}

/** What the key of a queue begins with. The service and the event follow. */
export function queuePrefix(prefix: string): string {
  return `${prefix}:queue:`;
}

/** What the key of a queue ends with. */
export function queueSuffix(event: string, partition?: number): string {
  return partition === undefined ? event : `${event}:${partition}`;
}

/** The names of services and events contain no colon, so the keys of two handlers never collide. */
export function handlerKeys(
  prefix: string,
  service: string,
  event: string,
  partition?: number,
): HandlerKeys {
  const handler = `${service}:${queueSuffix(event, partition)}`;
  return {
    handlers: handlersKey(prefix, event),
    queue: `${queuePrefix(prefix)}${handler}`,
    paused: `${prefix}:paused:${handler}`,
    turn: `${prefix}:turn:${handler}`,
    dead: `${prefix}:dead:${service}:${event}`,
    group: service,
  };
}
