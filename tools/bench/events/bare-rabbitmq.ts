import { Connection } from 'rabbitmq-client';
import { PREFETCH, runLoad, type Order } from './load.js';

/** As its manual shows it: a publisher with confirms, and a consumer of a replicated queue. */
void runLoad(async (url, onOrder) => {
  const [publishing, consuming] = [new Connection(url), new Connection(url)];
  const exchange = 'bare';
  const publisher = publishing.createPublisher({
    confirm: true,
    exchanges: [{ exchange, type: 'topic', durable: true }],
  });
  await publishing.exchangeDeclare({ exchange, type: 'topic', durable: true });
  const consumer = consuming.createConsumer(
    {
      queue: 'bare',
      queueOptions: { durable: true, arguments: { 'x-queue-type': 'quorum' } },
      queueBindings: [{ exchange, routingKey: 'order.placed' }],
      qos: { prefetchCount: PREFETCH },
      concurrency: PREFETCH,
    },
    (message) => Promise.resolve(onOrder(message.body as Order)),
  );
  await new Promise<void>((resolve) => consumer.once('ready', resolve));
  return {
    publish: (order) =>
      publisher.send({ exchange, routingKey: 'order.placed', durable: true }, order),
    close: async () => {
      await consumer.close();
      await publisher.close();
      await Promise.all([publishing.close(), consuming.close()]);
    },
  };
});
