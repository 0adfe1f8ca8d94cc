import { checkConnectionUrl } from './connection-url.js';
import { defaultLog } from './default-log.js';
import { consumerQueue, consumerTopology, deadQueue, eventExchange } from './event-topology.js';
import { ATTEMPT } from './event-wire.js';
import type { EventContract } from './events.js';
import type { Log } from './log.js';
import { BrokerConnection } from './rabbitmq-connection.js';
import { DEAD_AT, DEAD_ERROR, DEAD_REASON, readMessage } from './rabbitmq-consumer.js';
import { ConfirmingPublisher } from './rabbitmq-publisher.js';
import { UnavailableError } from './unavailable.js';

const TIMEOUT_MS = 10_000;

export interface ReplayOptions {
  service: string;
  /** The events that the service subscribes to: contracts, or what else has their names. */
  subscribes: readonly Pick<EventContract, 'name'>[];
  /** As that of `rabbitmq`. Default `events`. */
  exchange?: string;
  log?: Log;
}

/** How many events of each name were put back. */
export type ReplayReport = Readonly<Record<string, number>>;

/**
 * Puts what is in a service's dead-letter queues back into the queues that its handlers read, as if it came for the first
 * time. Only what is there at the start: what fails again is not replayed again. An event leaves the dead-letter
 * queue when the broker has it in the other, so none is lost if this ends halfway; one may then come twice.
 * @throws {UnavailableError}
 */
export async function replayDeadLetters(
  url: string,
  { service, subscribes, exchange = 'events', log = defaultLog() }: ReplayOptions,
): Promise<ReplayReport> {
  checkConnectionUrl('broker', url, ['amqp:', 'amqps:']);
  const connection = new BrokerConnection(url, {
    name: 'broker',
    connectionName: `${service} (replays)`,
    timeoutMs: TIMEOUT_MS,
    maxReconnectDelayMs: 1000,
    log: () => log,
  });
  const publisher = new ConfirmingPublisher(connection, 'broker', TIMEOUT_MS, () => [
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
      log.info({ event: name, eventId: id, reason, error }, `${name} is replayed`);
    }
    return count;
  }
}
