import {
  Admin,
  Consumer,
  MessagesStreamModes,
  Producer,
  type BaseOptions,
} from '@platformatic/kafka';
import { runLoad, type Order } from './load.js';

const ALL_REPLICAS = -1;

/**
 * As its manual shows it: a producer that waits for all servers, and a stream of a group that commits by itself. Not
 * `idempotent`, as ours is: with many `send` at a time, that one fails with OUT_OF_ORDER_SEQUENCE_NUMBER (1.35.0).
 */
void runLoad(async (url, onOrder) => {
  const { hostname: host, port, username, password } = new URL(url);
  const options: BaseOptions = {
    clientId: 'bare',
    bootstrapBrokers: [{ host, port: Number(port) }],
    sasl: { mechanism: 'PLAIN', username, password },
  };
  // Of this reading alone.
  const topic = `bare-${process.pid}`;
  const admin = new Admin(options);
  await admin.createTopics({ topics: [topic], partitions: 6, replicas: 1 });
  const consumer = new Consumer({ ...options, groupId: topic, groupProtocol: 'consumer' });
  const stream = await consumer.consume({
    topics: [topic],
    mode: MessagesStreamModes.EARLIEST,
    autocommit: true,
  });
  stream.on('data', ({ value }) => onOrder(JSON.parse(value.toString()) as Order));
  const producer = new Producer(options);
  return {
    publish: (order) =>
      producer.send({
        acks: ALL_REPLICAS,
        messages: [{ topic, value: Buffer.from(JSON.stringify(order)) }],
      }),
    close: async () => {
      await stream.close();
      await Promise.all([consumer.close(), producer.close(), admin.close()]);
    },
  };
});
