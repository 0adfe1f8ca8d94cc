import type { StoredMsg } from '@nats-io/jetstream';
import { checkConnectionUrl } from '../connections/connection-url.js';
import { abortable } from '../context/deadline.js';
import { UnavailableError } from '../errors/unavailable.js';
import { withoutDeadHeaders } from '../events/dead-letter.js';
import { partitionOf } from '../events/event-order.js';
import type { ReplayOptions, ReplayReport } from '../events/replay.js';
import { defaultLog } from '../telemetry/default-log.js';
import { NatsConnection } from './connection.js';
import { readMessage } from './message.js';
import { ConfirmingPublisher } from './publisher.js';
import {
  consumerDeclarations,
  deadStream,
  deadStreamName,
  deadSubject,
  eventStream,
  replaySubject,
} from './topology.js';

export interface NatsReplayOptions extends ReplayOptions {
  /** The stream, as in `nats`. Default `events`. */
  stream?: string;
  /** As in `nats`. Default 1. */
  replicas?: number;
}

/**
 * Moves a service's dead letters back to its own consumers, as if they came for the first time. Only those that are
 * there at the start: events that fail again stay. A dead letter is removed after the server has the event again. So
 * none is lost if this ends halfway, but one may come twice.
 *
 * @throws {UnavailableError}
 */
export async function replayDeadLetters(
  url: string,
  options: NatsReplayOptions,
): Promise<ReplayReport> {
  const { service, subscribes, stream = 'events', replicas = 1, timeoutMs = 10_000 } = options;
  const { log = defaultLog() } = options;
  checkConnectionUrl('broker', 'nats', url);
  const connection = new NatsConnection(url, {
    name: 'broker',
    connectionName: `${service} (replays)`,
    timeoutMs,
    maxReconnectDelayMs: 1000,
    log: () => log,
  });
  const publisher = new ConfirmingPublisher(connection, 'broker', timeoutMs, () => ({
    streams: [eventStream(stream, replicas), deadStream(stream, replicas)],
    consumers: subscribes.flatMap((contract) => consumerDeclarations(stream, service, contract)),
  }));
  const dead = deadStreamName(stream);
  try {
    const report: Record<string, number> = {};
    for (const { name } of subscribes) report[name] = await replay(name);
    return report;
  } finally {
    await publisher.close();
    await connection.close();
  }

  async function replay(name: string): Promise<number> {
    const limit = AbortSignal.timeout(timeoutMs);
    const { manager } = await abortable(publisher.session(), limit).catch((cause: unknown) => {
      throw new UnavailableError('broker', connection.outage ?? cause);
    });
    const { state } = await manager.streams.info(dead);
    const subject = deadSubject(stream, service, name);
    let count = 0;
    let letter: StoredMsg | null;
    for (let seq = 1; seq <= state.last_seq; seq = letter.seq + 1) {
      const next = { seq, next_by_subj: subject };
      letter = await manager.streams.getMessage(dead, next);
      if (!letter || letter.seq > state.last_seq) break;
      const { id = '', source = '', body, headers: deadHeaders } = readMessage(letter);
      const { headers, reason, error } = withoutDeadHeaders(deadHeaders);
      log.info({ event: name, eventId: id, reason, error }, `replaying ${name}`);
      await publisher.send({
        subject: replaySubject(stream, service, name, partitionOf(headers)),
        messageId: `${subject}:${letter.seq}`,
        ...{ id, name, source, body, headers },
      });
      await manager.streams.deleteMessage(dead, letter.seq);
      count++;
    }
    return count;
  }
}
