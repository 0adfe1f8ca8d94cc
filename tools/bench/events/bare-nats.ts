import { AckPolicy, jetstream, jetstreamManager, RetentionPolicy } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { PREFETCH, runLoad, type Order } from './load.js';

/**
 * As its manual shows it: a confirmed publish, and an iterator over a durable consumer. On two connections, because
 * those who publish and those who handle are two programs.
 */
void runLoad(async (url, onOrder) => {
  const { host, username: user, password: pass } = new URL(url);
  const open = () => connect({ servers: host, user, pass });
  const [publishing, consuming] = [await open(), await open()];
  const manager = await jetstreamManager(consuming);
  const stream = 'bare';
  await manager.streams.add({
    name: stream,
    subjects: ['bare.>'],
    retention: RetentionPolicy.Interest,
  });
  const filter_subject = 'bare.order.placed';
  await manager.consumers.add(stream, {
    durable_name: stream,
    filter_subject,
    ack_policy: AckPolicy.Explicit,
  });
  const publisher = jetstream(publishing);
  const consumer = await jetstream(consuming).consumers.get(stream, stream);
  const messages = await consumer.consume({ max_messages: PREFETCH });
  const consumed = (async () => {
    for await (const message of messages) {
      onOrder(message.json<Order>());
      message.ack();
    }
  })();
  return {
    publish: (order) => publisher.publish(filter_subject, JSON.stringify(order)),
    close: async () => {
      await messages.close();
      await consumed;
      await Promise.all([publishing.drain(), consuming.drain()]);
    },
  };
});
