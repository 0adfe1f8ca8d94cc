import { Consumer as Fetcher, type RecordsBatch } from '@platformatic/kafka';
import { checkConnectionUrl } from '../connections/connection-url.js';
import { abortable } from '../context/deadline.js';
import { UnavailableError } from '../errors/unavailable.js';
import { withoutDeadHeaders } from '../events/dead-letter.js';
import { partitionOf } from '../events/event-order.js';
import type { ReplayOptions, ReplayReport } from '../events/replay.js';
import { defaultLog } from '../telemetry/default-log.js';
import { closeClient, KafkaConnection, survivesErrors, type SaslMechanism } from './connection.js';
import { ONLY_FOR, readRecord } from './message.js';
import { ConfirmingPublisher } from './publisher.js';
import { offsetsOf, Topics } from './topics.js';
import {
  handlerDeclarations,
  handlerTopics,
  orderedDeclaration,
  type HandlerTopics,
} from './topology.js';

export interface KafkaReplayOptions extends ReplayOptions {
  /** As in `kafka`. Default `events`. */
  prefix?: string;
  /** As in `kafka`. */
  replicas?: number;
  /** As in `kafka`. Default `PLAIN`. */
  mechanism?: SaslMechanism;
}

const FETCH_MS = 100;
const FETCH_BYTES = 4 * 1024 * 1024;

/**
 * Moves a service's dead letters back to its own groups, as if they came for the first time. Only those that are there at
 * the start: events that fail again stay. A dead letter is removed after the servers have the event again. So none is
 * lost if this ends halfway, but one may come twice.
 *
 * @throws {UnavailableError}
 */
export async function replayDeadLetters(
  url: string,
  options: KafkaReplayOptions,
): Promise<ReplayReport> {
  const { service, subscribes, prefix = 'events', replicas, timeoutMs = 10_000 } = options;
  const { log = defaultLog(), mechanism = 'PLAIN' } = options;
  checkConnectionUrl('broker', 'kafka', url);
  const connection = new KafkaConnection(url, {
    ...{ name: 'broker', clientId: `${service}-replays`, mechanism, timeoutMs },
    maxReconnectDelayMs: 1000,
    log: () => log,
  });
  const topics = new Topics(connection);
  const publisher = new ConfirmingPublisher(connection, 'broker', timeoutMs, () =>
    Promise.resolve(),
  );
  try {
    await abortable(connection.session(), AbortSignal.timeout(timeoutMs)).catch(
      (cause: unknown) => {
        throw new UnavailableError('broker', connection.outage ?? cause);
      },
    );
    const report: Record<string, number> = {};
    for (const contract of subscribes) report[contract.name] = await replay(contract);
    return report;
  } finally {
    await publisher.close();
    await connection.close();
  }

  /** What has an order goes to the end of it, with a word to all other services that read there. */
  function again({ ordered, replay }: HandlerTopics, headers: Readonly<Record<string, string>>) {
    const partition = partitionOf(headers);
    if (ordered === undefined || partition === undefined) return { topic: replay, headers };
    return { topic: ordered, partition, headers: { ...headers, [ONLY_FOR]: service } };
  }

  async function replay(contract: ReplayOptions['subscribes'][number]): Promise<number> {
    const { name } = contract;
    const own = handlerTopics(prefix, service, contract, 0);
    const topicOptions = { partitions: 1, replicas, retentionDays: 7 };
    const admin = await topics.ensure([
      ...handlerDeclarations(own, topicOptions),
      ...(own.ordered === undefined ? [] : [orderedDeclaration(own.ordered, topicOptions)]),
    ]);
    const last = (await offsetsOf(admin, own.dead, 'next')).get(0)!;
    let next = (await offsetsOf(admin, own.dead, 'first')).get(0)!;
    let count = 0;
    const options = { ...connection.clientOptions, groupId: `${service}-replays` };
    const fetcher = survivesErrors(new Fetcher(options));
    try {
      while (next < last) {
        for (const batch of await read(fetcher, own.dead, next)) {
          for (const record of batch.records) {
            const offset = batch.firstOffset + BigInt(record.offsetDelta);
            if (offset < next || offset >= last) continue;
            const { id = '', source = '', body, headers: dead } = readRecord(record);
            const { headers, reason, error } = withoutDeadHeaders(dead);
            log.info({ event: name, eventId: id, reason, error }, `replaying ${name}`);
            await publisher.send({ ...again(own, headers), name, id, source, body });
            next = offset + 1n;
            await admin.deleteRecords({
              topics: [{ name: own.dead, partitions: [{ partition: 0, offset: next }] }],
            });
            count++;
          }
          const end = batch.firstOffset + BigInt(batch.lastOffsetDelta) + 1n;
          if (end > next) next = end;
        }
      }
      return count;
    } finally {
      await closeClient(fetcher);
    }
  }
}

async function read(fetcher: Fetcher, topic: string, offset: bigint): Promise<RecordsBatch[]> {
  const { topics } = await fetcher.metadata({ topics: [topic] });
  const { id, partitions } = topics.get(topic)!;
  const partition = {
    ...{ partition: 0, currentLeaderEpoch: -1, lastFetchedEpoch: -1 },
    ...{ fetchOffset: offset, partitionMaxBytes: FETCH_BYTES },
  };
  const { responses } = await fetcher.fetch({
    node: partitions[0]!.leader,
    ...{ maxWaitTime: FETCH_MS, minBytes: 1, maxBytes: FETCH_BYTES },
    topics: [{ topicId: id, partitions: [partition] }],
  });
  return responses[0]?.partitions[0]?.records ?? [];
}
