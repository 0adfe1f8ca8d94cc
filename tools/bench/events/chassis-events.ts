import * as z from 'zod';
import type { Broker } from '../../../packages/chassis/src/events/broker.js';
import { defineEvent, handle } from '../../../packages/chassis/src/events/events.js';
import { kafka } from '../../../packages/chassis/src/kafka/kafka.js';
import { nats } from '../../../packages/chassis/src/nats/nats.js';
import { rabbitmq } from '../../../packages/chassis/src/rabbitmq/rabbitmq.js';
import { redisStreams } from '../../../packages/chassis/src/redis-streams/redis-streams.js';
import { PREFETCH, runLoad } from './load.js';

const orderPlaced = defineEvent(
  'order.placed',
  z.object({
    orderId: z.string(),
    customer: z.string(),
    total: z.number(),
    lines: z.array(z.object({ sku: z.string(), count: z.number() })),
  }),
);

const CONNECT = { 'amqp:': rabbitmq, 'nats:': nats, 'redis:': redisStreams, 'kafka:': kafka };

/** Two services, as in a platform: one publishes, the other one handles. */
void runLoad(async (url, onOrder) => {
  const connect = CONNECT[new URL(url).protocol as keyof typeof CONNECT];
  const billing: Broker = connect(url, { service: 'billing', prefetch: PREFETCH });
  billing.subscribe([handle(orderPlaced, ({ data }) => Promise.resolve(onOrder(data)))]);
  await billing.start();
  const orders = connect(url, { service: 'orders', publishes: [orderPlaced] });
  return {
    publish: (order) => orders.publish(orderPlaced, order),
    close: async () => {
      await billing.close();
      await orders.close();
    },
  };
});
