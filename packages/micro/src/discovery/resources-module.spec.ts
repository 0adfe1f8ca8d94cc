import { format } from 'prettier';
import { describe, expect, it } from 'vitest';
import type { Service } from '../platform/platform';
import { parseManifest } from '../platform/manifest';
import { deriveResourcesModule } from './resources-module';

const facts = (hasMigrations: boolean) => ({
  hasMigrations,
  contractsPackage: '@acme/contracts',
  subscribersOf: (event: string) => (event === 'order.placed' ? ['mailer', 'payments'] : []),
});

function serviceWith(datastores: string, more = ''): Service {
  const text = `port: 3001\ndatastores: { ${datastores} }\n${more}`;
  const { read } = parseManifest('service.yml', text);
  return { ...read!.manifest, name: 'orders', root: 'apps/orders' };
}

describe('the module of the datastores', () => {
  it('connects each purpose, with the options that it needs', () => {
    const all = 'database: postgres, cache: redis, pubsub: redis, rate-limit: redis';
    const { path, text } = deriveResourcesModule(serviceWith(all), facts(true), undefined);
    expect(path).toBe('apps/orders/src/resources.ts');
    expect(text)
      .toBe(`// Kept by \`nx sync\` from service.yml: the datastores and the broker that this service uses.
import { command, connectionUrl, secret, type Config } from '@org/chassis';
import { migratePostgres, postgres } from '@org/chassis/postgres';
import { redis } from '@org/chassis/redis';

export const resourceVariables = {
  DATABASE_URL: secret(connectionUrl('postgres')),
  CACHE_REDIS_URL: secret(connectionUrl('redis')),
  PUBSUB_REDIS_URL: secret(connectionUrl('redis')),
  RATE_LIMIT_REDIS_URL: secret(connectionUrl('redis')),
};

type ResourceConfig = Config<typeof resourceVariables>;

export function connectResources(config: ResourceConfig) {
  return {
    database: postgres(config.DATABASE_URL),
    cache: redis(config.CACHE_REDIS_URL),
    pubsub: redis(config.PUBSUB_REDIS_URL, { name: 'pubsub', kind: 'broker' }),
    rateLimit: redis(config.RATE_LIMIT_REDIS_URL, { name: 'rate-limit' }),
  };
}

export type Resources = ReturnType<typeof connectResources>;

/** The commands of \`node main.js <command>\`, which run instead of the server. */
export const commands = {
  migrate: command(
    {
      DATABASE_URL: resourceVariables.DATABASE_URL,
      DATABASE_OWNER_URL: secret(connectionUrl('postgres')).optional(),
    },
    ({ DATABASE_URL, DATABASE_OWNER_URL: url = DATABASE_URL }) =>
      migratePostgres({ url, directory: 'migrations' }),
  ),
};

/** Commands that \`nx serve\` runs before the server: in development, nothing else runs them. */
export const inDevelopment: readonly string[] = ['migrate'];
`);
  });

  it('has no migration without files, and none without an SQL database', () => {
    const noFiles = deriveResourcesModule(
      serviceWith('database: mariadb'),
      facts(false),
      undefined,
    ).text;
    expect(noFiles).toContain(`import { mysql } from '@org/chassis/mysql';`);
    expect(noFiles).toContain('commands = {};');
    const mongo = deriveResourcesModule(
      serviceWith('database: mongodb'),
      facts(true),
      undefined,
    ).text;
    expect(mongo).toContain('commands = {};');
  });

  it('is left alone if only its format differs, and reports what drifted', async () => {
    const service = serviceWith('cache: redis');
    const { text } = deriveResourcesModule(service, facts(false), undefined);
    const formatted = await format(text, { parser: 'typescript', semi: false, useTabs: true });
    expect(deriveResourcesModule(service, facts(false), formatted)).toMatchObject({
      text: formatted,
      drift: [],
    });
    expect(
      deriveResourcesModule(serviceWith('database: postgres'), facts(false), text).drift,
    ).toEqual([expect.stringContaining('CACHE_REDIS_URL'), 'DATABASE_URL is missing']);
  });

  it('connects the broker, with an outbox if a database keeps the events', () => {
    const { text } = deriveResourcesModule(
      serviceWith('database: postgres', 'broker: rabbitmq\npublishes: [order.placed]\n'),
      facts(true),
      undefined,
    );
    expect(text).toContain(`import { orderPlaced } from '@acme/contracts';
import { command, connectionUrl, secret, type Config } from '@org/chassis';
import { outbox } from '@org/chassis/outbox';
import { migratePostgres, postgres } from '@org/chassis/postgres';
import { rabbitmq } from '@org/chassis/rabbitmq';
`);
    expect(text).toContain(`  BROKER_URL: secret(connectionUrl('rabbitmq')),
};`);
    expect(text).toContain(`export function connectResources(config: ResourceConfig) {
  const database = postgres(config.DATABASE_URL);
  const broker = rabbitmq(config.BROKER_URL, {
    service: 'orders',
    publishes: [orderPlaced],
    subscribers: {
      'order.placed': ['mailer', 'payments'],
    },
  });
  return {
    database,
    broker,
    outbox: outbox(database, broker),
  };
}
`);
    expect(text).toContain("migratePostgres({ url, directory: 'migrations', eventTables: true })");
  });

  it('connects NATS the same way', () => {
    const service = serviceWith('', 'broker: nats\nsubscribes: [order.placed]\n');
    const { text } = deriveResourcesModule(service, facts(false), undefined);
    expect(text).toContain("import { nats, replayDeadLetters } from '@org/chassis/nats';");
    expect(text).toContain("  BROKER_URL: secret(connectionUrl('nats')),");
    expect(text).toContain('    broker: nats(config.BROKER_URL, {');
    expect(text).not.toContain('rabbitmq');
  });

  it('connects SQS the same way', () => {
    const service = serviceWith('', 'broker: sqs\nsubscribes: [order.placed]\n');
    const { text } = deriveResourcesModule(service, facts(false), undefined);
    expect(text).toContain("import { sqs, replayDeadLetters } from '@org/chassis/sqs';");
    expect(text).toContain("  BROKER_URL: secret(connectionUrl('sqs')),");
    expect(text).toContain('    broker: sqs(config.BROKER_URL, {');
  });

  it('connects Redis Streams, also beside a cache', () => {
    const service = serviceWith('cache: redis', 'broker: redis\nsubscribes: [order.placed]\n');
    const { text } = deriveResourcesModule(service, facts(false), undefined);
    expect(text).toContain(`import { redis } from '@org/chassis/redis';
import { redisStreams, replayDeadLetters } from '@org/chassis/redis-streams';
`);
    expect(text).toContain("  BROKER_URL: secret(connectionUrl('redis')),");
    expect(text).toContain('    broker: redisStreams(config.BROKER_URL, {');
    expect(text).toContain('    cache: redis(config.CACHE_REDIS_URL),');
  });

  it('connects Kafka', () => {
    const service = serviceWith('', 'broker: kafka\nsubscribes: [order.placed]\n');
    const { text } = deriveResourcesModule(service, facts(false), undefined);
    expect(text).toContain("import { kafka, replayDeadLetters } from '@org/chassis/kafka';\n");
    expect(text).toContain("  BROKER_URL: secret(connectionUrl('kafka')),");
    expect(text).toContain('    broker: kafka(config.BROKER_URL, {');
  });

  it('replays dead letters only when it is told to', () => {
    const subscriber = serviceWith('', 'broker: rabbitmq\nsubscribes: [order.placed]\n');
    const { text } = deriveResourcesModule(subscriber, facts(false), undefined);
    expect(text).toContain("import { rabbitmq, replayDeadLetters } from '@org/chassis/rabbitmq';");
    expect(text).toContain(`export const commands = {
  'replay-dead-letters': command(
    { BROKER_URL: resourceVariables.BROKER_URL },
    ({ BROKER_URL: url }, log) =>
      replayDeadLetters(url, {
        service: 'orders',
        subscribes: [{ name: 'order.placed' }],
        log,
      }),
  ),
};
`);
    expect(text).toContain('export const inDevelopment: readonly string[] = [];');
  });

  it('has only a broker, and the tables for events without files of its own', () => {
    const broker = `    broker: rabbitmq(config.BROKER_URL, {
      service: 'orders',
    }),
  };`;
    const alone = deriveResourcesModule(
      serviceWith('', 'broker: rabbitmq\n'),
      facts(false),
      undefined,
    );
    expect(alone.text).toContain(broker);
    expect(alone.text).toContain('commands = {};');
    const subscriber = serviceWith('database: postgres', 'broker: rabbitmq\n');
    const { text } = deriveResourcesModule(subscriber, facts(false), undefined);
    expect(text).toContain(broker);
    expect(text).toContain('migratePostgres({ url, eventTables: true }),');
  });

  it('says which event is missing', () => {
    const events = (list: string) => serviceWith('', `broker: rabbitmq\npublishes: [${list}]\n`);
    const { text } = deriveResourcesModule(events('order.placed'), facts(false), undefined);
    const more = deriveResourcesModule(events('order.placed, order.paid'), facts(false), text);
    expect(more.drift).toEqual(['orderPaid is missing']);
    expect(more.text).toContain('publishes: [orderPlaced, orderPaid]');
  });
});
