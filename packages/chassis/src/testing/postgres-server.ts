import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { migratePostgres } from '../datastores/migrations-postgres.js';
import { postgres, type Postgres } from '../datastores/postgres.js';
import type { Outbox } from '../events/outbox.js';
import { startContainer, type Container } from './container.js';
import { orderPlaced } from './order-placed.js';

const USER = { user: 'platform', password: 'hunter2' };

/** A database with the tables of events, and one of orders, for the tests of a suite. */
export function usePostgres() {
  let server: Container;
  let url: string;
  let directory: string;
  let database: Postgres;

  beforeAll(async () => {
    server = await startContainer({
      engine: 'postgres',
      port: 5432,
      environment: { POSTGRES_USER: USER.user, POSTGRES_PASSWORD: USER.password },
      check: ['pg_isready', '--host=127.0.0.1', `--username=${USER.user}`],
    });
    url = `postgres://${USER.user}:${USER.password}@127.0.0.1:${server.port}/${USER.user}`;
    directory = await mkdtemp(join(tmpdir(), 'migrations-'));
    for (const _ of ['first', 'again'])
      await migratePostgres({ url, directory, eventTables: true });
    database = postgres(url);
    await database.query('CREATE TABLE orders (id text PRIMARY KEY, count integer DEFAULT 0)');
  });
  afterAll(async () => {
    await database?.close();
    await server?.remove();
    if (directory) await rm(directory, { recursive: true });
  });

  return {
    // Set before the first test.
    get url() {
      return url;
    },
    get directory() {
      return directory;
    },
    get database() {
      return database;
    },
    /** How many events are in the outbox. */
    waiting: async () => {
      const { rows } = await database.query<{ count: number }>(
        'SELECT count(*)::integer AS count FROM chassis_outbox',
      );
      return rows[0]!.count;
    },
    /** How often the work of an event was done for an order. */
    countOf: async (orderId: string) => {
      const text = 'SELECT count FROM orders WHERE id = $1';
      return (await database.query<{ count: number }>(text, [orderId])).rows[0]!.count;
    },
    /** Commits an order and its event. */
    commit: (relay: Outbox<typeof orderPlaced>, orderId: string) =>
      database.transaction(async (client) => {
        await client.query('INSERT INTO orders (id) VALUES ($1)', [orderId]);
        return relay.publish(client, orderPlaced, { orderId, total: 1 });
      }),
  };
}
