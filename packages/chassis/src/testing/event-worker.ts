import * as z from 'zod';
import { postgres } from '../datastores/postgres.js';
import type { Broker } from '../events/broker.js';
import { handle } from '../events/events.js';
import { outbox } from '../events/outbox.js';
import { kafka } from '../kafka/kafka.js';
import { nats } from '../nats/nats.js';
import { rabbitmq } from '../rabbitmq/rabbitmq.js';
import { redisStreams } from '../redis-streams/redis-streams.js';
import { readVariables } from '../service/config.js';
import { sqs } from '../sqs/sqs.js';
import { orderChanged, orderPlaced } from './order-placed.js';

/** A process that specs kill, or that kills itself at the worst moment. */
const config = readVariables(
  'worker',
  {
    BROKER_URL: z.string(),
    SERVICE: z.string(),
    DATABASE_URL: z.string().default(''),
    ORDER_ID: z.string().default(''),
    WORK: z.enum(['hang', 'relay and die', 'commit and die']),
  },
  process.env,
);
type Connect = typeof rabbitmq | typeof nats | typeof redisStreams | typeof kafka | typeof sqs;
const clients: Record<string, Connect> = {
  'amqp:': rabbitmq,
  'nats:': nats,
  'redis:': redisStreams,
  'kafka:': kafka,
  'sqs:': sqs,
};
const connect = clients[new URL(config.BROKER_URL).protocol]!;
const broker: Broker<typeof orderPlaced> = connect(config.BROKER_URL, {
  service: config.SERVICE,
  publishes: [orderPlaced],
});
const die = () => process.kill(process.pid, 'SIGKILL');

/** An outbox whose process ends in the place of, or right after, the first publication. */
function relay(send: typeof broker.send) {
  const database = postgres(config.DATABASE_URL);
  const events = outbox(database, { ...broker, send });
  events.start();
  return { database, events };
}

if (config.WORK === 'hang') {
  const hang = ({ data }: { data: { orderId: string } }) => {
    console.log(`handling ${data.orderId}`);
    return new Promise(() => undefined);
  };
  broker.subscribe([handle(orderPlaced, hang), handle(orderChanged, hang)]);
  await broker.start();
  console.log('started');
} else if (config.WORK === 'relay and die') {
  relay(async (event) => {
    await broker.send(event);
    die();
  });
  console.log('started');
} else {
  console.log('started');
  const { database, events } = relay(() => Promise.resolve(void die()));
  const { ORDER_ID: orderId } = config;
  await database.transaction(async (client) => {
    await client.query('INSERT INTO orders (id) VALUES ($1)', [orderId]);
    await events.publish(client, orderPlaced, { orderId, total: 1 });
  });
}
