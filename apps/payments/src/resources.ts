// Kept by `nx sync` from service.yml: the datastores and the broker that this service uses.
import { paymentFailed, paymentSucceeded } from '@org/contracts';
import { command, connectionUrl, secret, type Config } from '@org/chassis';
import { outbox } from '@org/chassis/outbox';
import { migratePostgres, postgres } from '@org/chassis/postgres';
import { rabbitmq, replayDeadLetters } from '@org/chassis/rabbitmq';

export const resourceVariables = {
  DATABASE_URL: secret(connectionUrl('postgres')),
  BROKER_URL: secret(connectionUrl('rabbitmq')),
};

type ResourceConfig = Config<typeof resourceVariables>;

export function connectResources(config: ResourceConfig) {
  const database = postgres(config.DATABASE_URL);
  const broker = rabbitmq(config.BROKER_URL, {
    service: 'payments',
    publishes: [paymentSucceeded, paymentFailed],
    subscribers: {
      'payment.succeeded': ['orders'],
      'payment.failed': ['orders'],
    },
  });
  return {
    database,
    broker,
    outbox: outbox(database, broker),
  };
}

export type Resources = ReturnType<typeof connectResources>;

/** The commands of `node main.js <command>`, which run instead of the server. */
export const commands = {
  migrate: command(
    {
      DATABASE_URL: resourceVariables.DATABASE_URL,
      DATABASE_OWNER_URL: secret(connectionUrl('postgres')).optional(),
    },
    ({ DATABASE_URL, DATABASE_OWNER_URL: url = DATABASE_URL }) =>
      migratePostgres({ url, directory: 'migrations', eventTables: true }),
  ),
  'replay-dead-letters': command(
    { BROKER_URL: resourceVariables.BROKER_URL },
    ({ BROKER_URL: url }, log) =>
      replayDeadLetters(url, {
        service: 'payments',
        subscribes: [{ name: 'payment.requested' }, { name: 'refund.requested' }],
        log,
      }),
  ),
};

/** Commands that `nx serve` runs before the server: in development, nothing else runs them. */
export const inDevelopment: readonly string[] = ['migrate'];
