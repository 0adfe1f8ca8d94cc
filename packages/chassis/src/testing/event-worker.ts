import * as z from 'zod';
import { postgres } from '../datastores/postgres.js';
import type { Broker } from '../events/broker.js';
import { handle } from '../events/events.js';
import { outbox } from '../events/outbox.js';
import { nats } from '../nats/nats.js';
import { rabbitmq } from '../rabbitmq/rabbitmq.js';
import { readVariables } from '../service/config.js';
import { orderPlaced } from './order-placed.js';

/** A process that specs kill, or that kills itself at the worst moment. */
const config = readVariables(
  'worker',
  {
    BROKER_URL: z.string(),
    SERVICE: z.string(),
    DATABASE_URL: z.string().default(''),
    WORK: z.enum(['hang', 'relay and die']),
  },
  process.env,
);
const connect = config.BROKER_URL.startsWith('nats:') ? nats : rabbitmq;
const broker: Broker<typeof orderPlaced> = connect(config.BROKER_URL, {
  service: config.SERVICE,
  publishes: [orderPlaced],
});

if (config.WORK === 'hang') {
  broker.subscribe([
    handle(orderPlaced, ({ data }) => {
      console.log(`handling ${data.orderId}`);
      return new Promise(() => undefined);
    }),
  ]);
  await broker.start();
  console.log('started');
} else {
  const deadly: typeof broker = {
    ...broker,
    send: async (event) => {
      await broker.send(event);
      process.kill(process.pid, 'SIGKILL');
    },
  };
  outbox(postgres(config.DATABASE_URL), deadly).start();
  console.log('started');
}
