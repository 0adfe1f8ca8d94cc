import { checkConnectionUrl } from '../connections/connection-url.js';
import { UnavailableError } from '../errors/unavailable.js';
import { withoutDeadHeaders } from '../events/dead-letter.js';
import { partitionOf } from '../events/event-order.js';
import type { ReplayOptions, ReplayReport } from '../events/replay.js';
import { defaultLog } from '../telemetry/default-log.js';
import { BrokerConnection } from './connection.js';
import { readMessage } from './consumer.js';
import { ConfirmingPublisher } from './publisher.js';
import { consumerQueue, consumerTopology, deadQueue, eventExchange } from './topology.js';

export interface RabbitMqReplayOptions extends ReplayOptions {
  /** The exchange, as in `rabbitmq`. Default `events`. */
  exchange?: string;
}

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
  options: RabbitMqReplayOptions,
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
    ...subscribes.map((contract) => consumerTopology(exchange, service, contract)),
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
      const { id = '', source = '', body, headers: deadHeaders } = readMessage(message);
      const { headers, reason, error } = withoutDeadHeaders(deadHeaders);
      const queue = consumerQueue(service, name, partitionOf(headers));
      log.info({ event: name, eventId: id, reason, error }, `replaying ${name}`);
      const isRouted = await publisher.send({
        exchange: '',
        routingKey: queue,
        id,
        name,
        source,
        body,
        headers,
      });
      if (!isRouted) throw new Error(`there is no queue ${queue}`);
      channel.basicAck({ deliveryTag: message.deliveryTag });
    }
    return count;
  }
}
