import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection as createMysqlConnection, type RowDataPacket } from 'mysql2/promise';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { describeEngine } from '../../../../tools/testing/describe-engine.js';
import { migrateMysql } from './migrations-mysql.js';
import type { MigrationReport } from './migrations.js';
import { migratePostgres, type PostgresMigrateOptions } from './migrations-postgres.js';
import { startContainer, type Container } from '../testing/container.js';

vi.setConfig({ testTimeout: 60_000 });

const PATIENCE = { tableLockTimeoutMs: 1000, tableLockPausesMs: [300, 300] };
/** How long a reader may wait: one try of the migration, plus time for a busy machine. */
const READ_WITHIN_MS = 5000;

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'migration-locks-'));
});
afterEach(() => rm(directory, { recursive: true }));

const file = (name: string, sql: string) => writeFile(join(directory, name), sql);

/** The result of a migration: its report, or the message of its error. */
const outcome = (run: Promise<MigrationReport>) =>
  run.then(
    ({ applied }) => applied as unknown,
    ({ message }: Error) => message,
  );

/** Reads repeatedly until it is stopped, and returns the milliseconds of each read. */
function readSteadily(read: () => Promise<unknown>) {
  const times: number[] = [];
  let isStopping = false;
  const reading = (async () => {
    while (!isStopping) {
      const started = performance.now();
      await read();
      times.push(performance.now() - started);
      await sleep(50);
    }
  })();
  return async () => {
    isStopping = true;
    await reading;
    return times;
  };
}

describeEngine('a migration that needs a locked table', () => {
  describe('PostgreSQL', () => {
    let server: Container;
    let url: string;
    const clients: Client[] = [];

    beforeAll(async () => {
      server = await startContainer({
        engine: 'postgres',
        port: 5432,
        environment: { POSTGRES_USER: 'shop', POSTGRES_PASSWORD: 'hunter2' },
        check: ['pg_isready', '--host=127.0.0.1', '--username=shop'],
      });
      url = `postgres://shop:hunter2@127.0.0.1:${server.port}/shop`;
    });
    afterAll(() => server?.remove());

    beforeEach(async () => {
      const client = await connect('setup');
      await client.query(`DROP TABLE IF EXISTS chassis_migrations, items;
        CREATE TABLE items (id int PRIMARY KEY, note text); INSERT INTO items VALUES (1, 'a')`);
    });
    afterEach(async () => {
      for (const client of clients.splice(0)) await client.end();
    });

    async function connect(application: string): Promise<Client> {
      const client = new Client({ connectionString: url, application_name: application });
      await client.connect();
      clients.push(client);
      return client;
    }

    /** A transaction that was left open, with its session. */
    async function forgottenTransaction() {
      const client = await connect('forgotten console');
      await client.query("BEGIN; SELECT * FROM items WHERE note = 'a secret'");
      const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      return { client, pid: rows[0]!.pid };
    }

    async function reader() {
      const client = await connect('reader');
      return readSteadily(() => client.query('SELECT * FROM items'));
    }

    const migrate = (options: Partial<PostgresMigrateOptions> = {}) =>
      outcome(
        migratePostgres({ url, directory, ...PATIENCE, onWait: () => undefined, ...options }),
      );

    it('fails with the name of the holder, and readers are served all the time', async () => {
      await file('0001-add-total.sql', 'ALTER TABLE items ADD COLUMN total int;');
      const { client, pid } = await forgottenTransaction();
      const stopReading = await reader();
      const waits: string[] = [];
      const said = await migrate({ onWait: (line) => waits.push(line) });
      const times = await stopReading();
      expect(said).toMatch(/^0001-add-total\.sql: gave up after 3 tries in [\d.]+ s: a lock/);
      expect(said).toMatch(
        new RegExp(
          `held by session ${pid} \\(user "shop", application "forgotten console", from [\\d.]+, idle in transaction, open for [\\d.]+ s\\)`,
        ),
      );
      expect(said).not.toMatch(/a secret|hunter2/);
      expect(waits).toHaveLength(2);
      expect(waits[0]).toContain(`session ${pid}`);
      expect(Math.max(...times)).toBeLessThan(READ_WITHIN_MS);
      expect(times.length).toBeGreaterThan(3);
      await client.query('COMMIT');
      expect(await migrate()).toEqual(['0001-add-total.sql']);
    });

    it('continues by itself when the lock is free', async () => {
      await file('0001-add-total.sql', 'ALTER TABLE items ADD COLUMN total int;');
      await file('0002-drop-total.sql', 'ALTER TABLE items DROP COLUMN total;');
      const { client } = await forgottenTransaction();
      const waits: string[] = [];
      const said = await migrate({
        onWait: (line) => {
          waits.push(line);
          void client.query('COMMIT');
        },
      });
      expect(said).toEqual(['0001-add-total.sql', '0002-drop-total.sql']);
      expect(waits).toHaveLength(1);
    });

    it('rolls back what a file did before the statement that waits', async () => {
      const other = await connect('setup');
      await other.query('DROP TABLE IF EXISTS first');
      await file('0001-two.sql', 'CREATE TABLE first (); ALTER TABLE items ADD COLUMN total int;');
      const { client } = await forgottenTransaction();
      expect(await migrate()).toContain('gave up after 3 tries');
      const { rows } = await other.query(`SELECT to_regclass('first') AS first`);
      expect(rows).toEqual([{ first: null }]);
      await client.query('ROLLBACK');
    });

    it('limits each file, whatever the previous one has set', async () => {
      await file('0001-set.sql', 'SET lock_timeout = 0;');
      await file('0002-add-total.sql', 'ALTER TABLE items ADD COLUMN total int;');
      const { client } = await forgottenTransaction();
      expect(await migrate()).toContain('0002-add-total.sql: gave up after 3 tries');
      await client.query('ROLLBACK');
    });

    it('lets CREATE INDEX CONCURRENTLY wait for other transactions', async () => {
      await file(
        '0001-index.sql',
        '-- no-transaction\nCREATE INDEX CONCURRENTLY items_note ON items (note);',
      );
      const { client } = await forgottenTransaction();
      await client.query("UPDATE items SET note = 'b'");
      const stopReading = await reader();
      const running = migrate({ tableLockTimeoutMs: 300, tableLockPausesMs: [] });
      expect(await Promise.race([running, sleep(2500, 'waits')])).toBe('waits');
      expect(Math.max(...(await stopReading()))).toBeLessThan(READ_WITHIN_MS);
      await client.query('COMMIT');
      expect(await running).toEqual(['0001-index.sql']);
    });

    it('limits other statements without a transaction, too', async () => {
      await file('0001-alter.sql', '-- no-transaction\nALTER TABLE items ADD COLUMN total int;');
      const { client, pid } = await forgottenTransaction();
      const stopReading = await reader();
      const said = await migrate();
      expect(said).toContain('0001-alter.sql: gave up after 3 tries');
      expect(said).toContain(`session ${pid}`);
      expect(Math.max(...(await stopReading()))).toBeLessThan(READ_WITHIN_MS);
      await client.query('ROLLBACK');
    });

    it('names the session that is already migrating', async () => {
      await file('0001-slow.sql', 'SELECT pg_sleep(3);');
      const first = migrate();
      await sleep(1000);
      const said = await migrate({ lockTimeoutMs: 300 });
      expect(said).toMatch(
        /another process has been migrating for 300 ms; it is held by session \d+/,
      );
      expect(await first).toEqual(['0001-slow.sql']);
    });
  });

  describe('MariaDB', () => {
    let server: Container;
    let url: string;
    const connections: Awaited<ReturnType<typeof createMysqlConnection>>[] = [];

    beforeAll(async () => {
      server = await startContainer({
        engine: 'mariadb',
        port: 3306,
        environment: {
          MARIADB_ROOT_PASSWORD: 'root-secret',
          MARIADB_USER: 'shop',
          MARIADB_PASSWORD: 'hunter2',
          MARIADB_DATABASE: 'shop',
        },
        check: ['healthcheck.sh', '--connect', '--innodb_initialized'],
      });
      url = `mysql://shop:hunter2@127.0.0.1:${server.port}/shop`;
    });
    afterAll(() => server?.remove());

    beforeEach(async () => {
      const connection = await connect();
      await connection.query('DROP TABLE IF EXISTS chassis_migrations, items');
      await connection.query('CREATE TABLE items (id int PRIMARY KEY, note text)');
      await connection.query("INSERT INTO items VALUES (1, 'a')");
    });
    afterEach(async () => {
      for (const connection of connections.splice(0)) await connection.end();
    });

    async function connect(at = url) {
      const connection = await createMysqlConnection({ uri: at });
      connections.push(connection);
      return connection;
    }

    async function forgottenTransaction() {
      const connection = await connect();
      await connection.query('START TRANSACTION');
      await connection.query("SELECT * FROM items WHERE note = 'a secret'");
      const [rows] = await connection.query<RowDataPacket[]>('SELECT CONNECTION_ID() AS id');
      return { connection, id: Number(rows[0]!['id']) };
    }

    const migrate = (onWait: (line: string) => void = () => undefined) =>
      outcome(migrateMysql({ url, directory, ...PATIENCE, onWait }));

    it('fails with the name of the possible holder, and readers are served all the time', async () => {
      await file('0001-add-total.sql', 'ALTER TABLE items ADD COLUMN total int;');
      const { connection, id } = await forgottenTransaction();
      const client = await connect();
      const stopReading = readSteadily(() => client.query('SELECT * FROM items'));
      const waits: string[] = [];
      const said = await migrate((line) => waits.push(line));
      const times = await stopReading();
      expect(said).toMatch(/^0001-add-total\.sql: gave up after 3 tries in [\d.]+ s: a lock/);
      expect(said).toContain('it may be held by');
      expect(said).toMatch(new RegExp(`session ${id} \\(user "shop", from [\\d.:]+, Sleep`));
      expect(said).not.toMatch(/a secret|hunter2/);
      expect(waits).toHaveLength(2);
      expect(Math.max(...times)).toBeLessThan(READ_WITHIN_MS);
      expect(times.length).toBeGreaterThan(3);
      await connection.query('COMMIT');
      expect(await migrate()).toEqual(['0001-add-total.sql']);
    });

    it('names the one open transaction if it may see it', async () => {
      const root = await connect(url.replace('shop:hunter2', 'root:root-secret'));
      await root.query("GRANT PROCESS ON *.* TO 'shop'@'%'");
      await file('0001-add-total.sql', 'ALTER TABLE items ADD COLUMN total int;');
      await connect();
      const { connection, id } = await forgottenTransaction();
      const said = await migrate();
      await root.query("REVOKE PROCESS ON *.* FROM 'shop'@'%'");
      expect(said).toMatch(
        new RegExp(
          `it may be held by session ${id} \\(user "shop", from [\\d.:]+, Sleep, open for \\d+ s\\)\\. `,
        ),
      );
      await connection.query('COMMIT');
    });

    it('continues by itself when the lock is free', async () => {
      await file('0001-add-total.sql', 'ALTER TABLE items ADD COLUMN total int;');
      const { connection } = await forgottenTransaction();
      const waits: string[] = [];
      const said = await migrate((line) => {
        waits.push(line);
        void connection.query('COMMIT');
      });
      expect(said).toEqual(['0001-add-total.sql']);
      expect(waits).toHaveLength(1);
    });

    it('says what was done if a later statement of a file waits', async () => {
      const setup = await connect();
      await setup.query('DROP TABLE IF EXISTS first');
      await file('0001-two.sql', 'CREATE TABLE first (a int); ALTER TABLE items ADD total int;');
      const { connection, id } = await forgottenTransaction();
      const said = await migrate();
      expect(said).toMatch(/0001-two\.sql: statement 2: .*; it may be held by/);
      expect(said).toContain(`session ${id}`);
      expect(said).toContain('the statement before it is in the database');
      await connection.query('COMMIT');
    });

    it('names the session that is already migrating', async () => {
      await file('0001-slow.sql', 'SELECT SLEEP(4);');
      const first = migrate();
      await sleep(1000);
      const second = outcome(migrateMysql({ url, directory, lockTimeoutMs: 1000 }));
      expect(await second).toMatch(
        /another process has been migrating for 1 s; it is held by session \d+/,
      );
      expect(await first).toEqual(['0001-slow.sql']);
    });
  });
});
