import { Connection } from 'rabbitmq-client';
import { expect, vi } from 'vitest';
import { readMessage } from '../../rabbitmq/consumer.js';
import { rabbitmq } from '../../rabbitmq/rabbitmq.js';
import { replayDeadLetters } from '../../rabbitmq/replay.js';
import { consumerQueue, deadQueue, DELIVERY_LIMIT } from '../../rabbitmq/topology.js';
import { startContainer } from '../container.js';
import { orderPlaced } from '../order-placed.js';
import type { BareBroker, BrokerAdapter } from './adapter.js';

export const RABBITMQ_USER = { user: 'platform', password: 'hunter2' };

/** Runs a client of the amqp driver, without the chassis. */
export async function withRabbitMq<T>(
  url: string,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = new Connection(url);
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}

const queueOf = (service: string) => consumerQueue(service, orderPlaced.name);
const deadOf = (service: string) => deadQueue(service, orderPlaced.name);

export const rabbitmqAdapter: BrokerAdapter = {
  name: 'rabbitmq',
  startServer: () =>
    startContainer({
      engine: 'rabbitmq',
      port: 5672,
      environment: {
        RABBITMQ_DEFAULT_USER: RABBITMQ_USER.user,
        RABBITMQ_DEFAULT_PASS: RABBITMQ_USER.password,
      },
      check: ['rabbitmq-diagnostics', '-q', 'check_running'],
    }),
  url: (port) => `amqp://${RABBITMQ_USER.user}:${RABBITMQ_USER.password}@127.0.0.1:${port}`,
  connect: rabbitmq,
  replay: replayDeadLetters,
  place: 'queue',
  lost: /ECONNREFUSED|ECONNRESET|socket/,
  dropsDuplicates: false,
  // RabbitMQ 3.10 may lose a new quorum queue with its content if it is killed within seconds after.
  settlesMs: 5000,
  survivesKill: true,
  bare: (url): BareBroker => {
    const depth = (queue: string) =>
      withRabbitMq(url, async (connection) => {
        return (await connection.queueDeclare({ queue, passive: true })).messageCount;
      });
    return {
      waiting: (service) => depth(queueOf(service)),
      deadLetters: (service) => depth(deadOf(service)),
      deadLetter: (service) =>
        withRabbitMq(url, async (connection) => {
          const message = await connection.basicGet(deadOf(service));
          return readMessage(message!);
        }),
      publish: (body) =>
        withRabbitMq(url, async (connection) => {
          const publisher = connection.createPublisher({ confirm: true });
          const to = { exchange: 'events', routingKey: orderPlaced.name };
          await publisher.send({ ...to, contentType: 'application/json' }, Buffer.from(body));
          await publisher.close();
        }),
      deletePlace: (service) =>
        withRabbitMq(url, async (connection) => {
          await connection.queueDelete(queueOf(service));
        }),
      // Each process ends on its first event; it is delivered that many times more.
      abandon: (service) =>
        withRabbitMq(url, async (connection) => {
          for (let times = 0; times <= DELIVERY_LIMIT; times++) {
            const channel = await connection.acquire();
            const take = () => channel.basicGet(queueOf(service));
            await vi.waitFor(async () => expect(await take()).toBeDefined());
            await channel.close();
          }
        }),
    };
  },
};
