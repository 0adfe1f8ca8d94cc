import { checkConnectionUrl } from '../connections/connection-url.js';
import { abortable } from '../context/deadline.js';
import { UnavailableError } from '../errors/unavailable.js';
import { DEAD_AT, DEAD_ERROR, DEAD_REASON, withoutDeadHeaders } from '../events/dead-letter.js';
import { partitionOf } from '../events/event-order.js';
import type { ReplayOptions, ReplayReport } from '../events/replay.js';
import { defaultLog } from '../telemetry/default-log.js';
import { RedisConnection } from './connection.js';
import { readEntry, type Entry } from './message.js';
import { REPLAY } from './scripts.js';
import { handlerKeys } from './topology.js';

export interface RedisStreamsReplayOptions extends ReplayOptions {
  /** As in `redisStreams`. Default `events`. */
  prefix?: string;
}

/** How many are read at a time. */
const BATCH = 10;

/**
 * Moves a service's dead letters back to its own queues, as if they came for the first time. Only those that are there
 * at the start: events that fail again stay. Each is moved in one step, so none is lost, and none comes twice, if this
 * ends halfway.
 *
 * @throws {UnavailableError}
 */
export async function replayDeadLetters(
  url: string,
  options: RedisStreamsReplayOptions,
): Promise<ReplayReport> {
  const { service, subscribes, prefix = 'events', timeoutMs = 10_000 } = options;
  const { log = defaultLog() } = options;
  checkConnectionUrl('broker', 'redis', url);
  const connection = new RedisConnection(url, {
    name: 'broker',
    connectionName: `${service}-replays`,
    timeoutMs,
    maxReconnectDelayMs: 1000,
    log: () => log,
  });
  try {
    await abortable(connection.ready(), AbortSignal.timeout(timeoutMs)).catch((cause: unknown) => {
      throw new UnavailableError('broker', connection.outage ?? cause);
    });
    const report: Record<string, number> = {};
    for (const { name } of subscribes) report[name] = await replay(name);
    return report;
  } finally {
    await connection.close();
  }

  async function replay(name: string): Promise<number> {
    const { dead } = handlerKeys(prefix, service, name);
    const [last] = await connection.run((client) => client.xrevrange(dead, '+', '-', 'COUNT', 1));
    if (!last) return 0;
    let count = 0;
    let start = '-';
    for (;;) {
      const letters: Entry[] = await connection.run((client) =>
        client.xrange(dead, start, last[0], 'COUNT', BATCH),
      );
      for (const letter of letters) {
        const { id: eventId, headers } = readEntry(letter);
        const { reason, error } = withoutDeadHeaders(headers);
        log.info({ event: name, eventId, reason, error }, `replaying ${name}`);
        const args = [letter[0], DEAD_REASON, DEAD_ERROR, DEAD_AT];
        const { queue } = handlerKeys(prefix, service, name, partitionOf(headers));
        count += Number(await connection.runScript(REPLAY, [dead, queue], args));
        start = `(${letter[0]}`;
      }
      if (letters.length < BATCH) return count;
    }
  }
}
