import * as z from 'zod';
import { readVariables } from '../config.js';
import { handle } from '../events.js';
import { outbox } from '../outbox.js';
import { postgres } from '../postgres.js';
import { rabbitmq } from '../rabbitmq.js';
import { orderPlaced } from './order-placed.js';

/** A process that specs kill, or that kills itself where it hurts most. */
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
const broker = rabbitmq(config.BROKER_URL, { service: config.SERVICE, publishes: [orderPlaced] });

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
