import { checkConnectionUrl } from '../connections/connection-url.js';
import { UnavailableError } from '../errors/unavailable.js';
import { ATTEMPT } from '../events/event-wire.js';
import type { EventContract } from '../events/events.js';
import { defaultLog } from '../telemetry/default-log.js';
import type { Log } from '../telemetry/log.js';
import { BrokerConnection } from './connection.js';
import { DEAD_AT, DEAD_ERROR, DEAD_REASON, readMessage } from './consumer.js';
import { ConfirmingPublisher } from './publisher.js';
import { consumerQueue, consumerTopology, deadQueue, eventExchange } from './topology.js';

export interface ReplayOptions {
  service: string;
  /** The events that the service subscribes to: contracts, or other objects with their names. */
  subscribes: readonly Pick<EventContract, 'name'>[];
  /** The exchange, as in `rabbitmq`. Default `events`. */
  exchange?: string;
  /** How long to wait for a connection, and for each confirm. Default 10 000. */
  timeoutMs?: number;
  log?: Log;
}

/** How many events of each name were moved. */
export type ReplayReport = Readonly<Record<string, number>>;

/**
 * Moves the events in a service's dead-letter queues back to the queues that its handlers read, as if they came for the
 * first time. Only those that are there at the start: events that fail again stay. An event is removed from the
 * dead-letter queue after the broker has it in the other one. So none is lost if this ends halfway, but one may come
 * twice.
 *
 * @throws {UnavailableError}
 */
export async function replayDeadLetters(
  url: string,
  options: ReplayOptions,
): Promise<ReplayReport> {
  const { service, subscribes, exchange = 'events', timeoutMs = 10_000 } = options;
  const { log = defaultLog() } = options;
  checkConnectionUrl('broker', 'rabbitmq', url);
  const connection = new BrokerConnection(url, {
    name: 'broker',
    connectionName: `${service} (replays)`,
    timeoutMs,
    maxReconnectDelayMs: 1000,
    log: () => log,
  });
  const publisher = new ConfirmingPublisher(connection, 'broker', timeoutMs, () => [
    eventExchange(exchange),
    ...subscribes.map(({ name }) => consumerTopology(exchange, service, name)),
  ]);
  try {
    const report: Record<string, number> = {};
    for (const { name } of subscribes) {
      report[name] = await replay(name);
    }
    return report;
  } finally {
    await publisher.close();
    await connection.close();
  }

  async function replay(name: string): Promise<number> {
    const channel = await publisher.channel().catch((cause: unknown) => {
      throw new UnavailableError('broker', connection.outage ?? cause);
    });
    const dead = deadQueue(service, name);
    const { messageCount } = await channel.queueDeclare({ queue: dead, passive: true });
    let count = 0;
    for (; count < messageCount; count++) {
      const message = await channel.basicGet(dead);
      if (!message) break;
      const { id = '', source = '', body, headers } = readMessage(message);
      const { [DEAD_REASON]: reason, [DEAD_ERROR]: error, [DEAD_AT]: _, ...rest } = headers;
      log.info({ event: name, eventId: id, reason, error }, `replaying ${name}`);
      const isRouted = await publisher.send({
        exchange: '',
        routingKey: consumerQueue(service, name),
        id,
        name,
        source,
        body,
        headers: { ...rest, [ATTEMPT]: '1' },
      });
      if (!isRouted) throw new Error(`there is no queue ${consumerQueue(service, name)}`);
      channel.basicAck({ deliveryTag: message.deliveryTag });
    }
    return count;
  }
}
