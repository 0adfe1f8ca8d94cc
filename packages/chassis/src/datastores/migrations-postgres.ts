import { setTimeout as sleep } from 'node:timers/promises';
import { Client, DatabaseError } from 'pg';
import { checkConnectionUrl } from '../connections/connection-url.js';
import { formatReason } from '../errors/errors.js';
import { EVENT_TABLES } from '../events/event-tables.js';
import { formatHolders, LockWaitError } from './migration-locks.js';
import { MigrationError, type AppliedMigration, type Migration } from './migration-plan.js';
import {
  migrate,
  type MigrateOptions,
  type MigrationReport,
  type MigrationSession,
  type SessionOptions,
} from './migrations.js';
import { watchPostgresLocks, type LockWatch } from './postgres-locks.js';

/** Any number, as long as all migrations use it. Advisory locks belong to one database. */
const LOCK = 719_306_184_225;
const POLL_MS = 200;

export interface PostgresMigrateOptions extends Omit<MigrateOptions, 'directory'> {
  /** See {@link MigrateOptions}. Not needed if only the tables for events are created. */
  directory?: MigrateOptions['directory'];
  /**
   * Whether to create the tables of `@org/chassis/outbox` and `@org/chassis/inbox`, before all files. Default false.
   */
  eventTables?: boolean;
}

/**
 * Brings a PostgreSQL database to the state of a directory of SQL files, like `migrate`.
 *
 * @throws {MigrationError} with all problems of the files, or with the failure of a statement.
 * @throws {TypeError} if `url` is invalid.
 */
export async function migratePostgres(options: PostgresMigrateOptions): Promise<MigrationReport> {
  checkConnectionUrl('database', 'postgres', options.url);
  return migrate(options, async (opening) => {
    const session = await connectPostgres(opening);
    return options.eventTables ? session : { ...session, prepare: undefined };
  });
}

/** PostgreSQL's error codes if a statement did not get a lock within lock_timeout, and if it was cancelled. */
const LOCK_NOT_AVAILABLE = '55P03';
const QUERY_CANCELED = '57014';

async function connectPostgres({
  url,
  connectTimeoutMs,
  tableLockTimeoutMs,
  onWait,
}: SessionOptions): Promise<MigrationSession> {
  const client = await connectClient(url, connectTimeoutMs);
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const pid = rows[0]!.pid;
  // Otherwise, a statement would keep waiting after its client is gone, and block others. Needs PostgreSQL 14.
  await client.query('SET client_connection_check_interval = 5000').catch(() => undefined);
  await client.query(`SET lock_timeout = ${tableLockTimeoutMs}`);

  const watch = (onHarmlessWait?: LockWatch['onHarmlessWait']) =>
    watchPostgresLocks({
      connect: () => connectClient(url, connectTimeoutMs),
      pid,
      timeoutMs: tableLockTimeoutMs,
      onHarmlessWait,
    });

  /** Runs `work`. A wait for a lock that took too long has its own error. */
  async function limitLocks<T>(work: () => Promise<T>, watching = watch()): Promise<T> {
    try {
      const result = await work();
      await watching.stop();
      return result;
    } catch (cause) {
      const { holders, hasCancelled } = await watching.stop();
      const code = cause instanceof DatabaseError ? cause.code : undefined;
      const waited = code === LOCK_NOT_AVAILABLE || (hasCancelled && code === QUERY_CANCELED);
      throw waited ? new LockWaitError(holders, { cause }) : cause;
    }
  }

  async function lock(timeoutMs: number): Promise<void> {
    const until = performance.now() + timeoutMs;
    for (;;) {
      const { rows } = await client.query<{ locked: boolean }>(
        'SELECT pg_try_advisory_lock($1) AS locked',
        [LOCK],
      );
      if (rows[0]?.locked) return;
      if (performance.now() >= until) {
        const holder = await readMigrator().catch(() => undefined);
        const who = holder === undefined ? '' : `; ${formatHolders([{ id: holder }])}`;
        throw new MigrationError([`another process has been migrating for ${timeoutMs} ms${who}`]);
      }
      // Tried repeatedly: if one statement waited here, CREATE INDEX CONCURRENTLY of the other migration would wait for
      // it.
      await sleep(POLL_MS);
    }
  }

  /** The session that is migrating. PostgreSQL lists the number of a lock in two halves. */
  async function readMigrator(): Promise<number | undefined> {
    const { rows } = await client.query<{ pid: number }>(
      `SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted
         AND classid = ($1::bigint >> 32)::int AND objid = ($1::bigint & 4294967295)::bigint::oid
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      [LOCK],
    );
    return rows[0]?.pid;
  }

  /** Checks first, because `IF NOT EXISTS` would send a notice on each run. */
  async function hasTable(table: string): Promise<boolean> {
    const { rows } = await client.query<{ exists: boolean }>(
      'SELECT to_regclass($1) IS NOT NULL AS exists',
      [table],
    );
    return rows[0]?.exists ?? false;
  }

  async function prepare(): Promise<void> {
    for (const { name, statements } of EVENT_TABLES) {
      if (!(await hasTable(name))) await limitLocks(() => client.query(statements));
    }
  }

  async function readApplied(): Promise<AppliedMigration[]> {
    if (!(await hasTable('chassis_migrations'))) {
      await client.query(
        `CREATE TABLE chassis_migrations (
           number integer PRIMARY KEY,
           file text NOT NULL,
           checksum text NOT NULL,
           finished_at timestamptz NOT NULL DEFAULT now()
         )`,
      );
    }
    const { rows } = await limitLocks(() =>
      client.query<Omit<AppliedMigration, 'isFinished'>>(
        'SELECT number, file, checksum FROM chassis_migrations ORDER BY number',
      ),
    );
    return rows.map((row) => ({ ...row, isFinished: true }));
  }

  async function apply(migration: Migration): Promise<void> {
    const { number, file, checksum, sql, inTransaction } = migration;
    // Set again for each file, because the file before may have changed it. Without a transaction, a concurrent
    // index build waits for the transactions of others, and blocks none of them.
    await client.query(`SET lock_timeout = ${inTransaction ? tableLockTimeoutMs : 0}`);
    if (inTransaction) await client.query('BEGIN');
    try {
      const watching = inTransaction
        ? watch()
        : watch((holders) => onWait(`${file} waits for others; ${formatHolders(holders)}`));
      await limitLocks(() => client.query(sql), watching);
      if (inTransaction && client.getTransactionStatus() !== 'T') {
        throw new Error('ends the transaction that it runs in; take its COMMIT or ROLLBACK out');
      }
      const record = () =>
        client.query(
          'INSERT INTO chassis_migrations (number, file, checksum) VALUES ($1, $2, $3)',
          [number, file, checksum],
        );
      await (inTransaction ? limitLocks(record) : record());
      if (inTransaction) await client.query('COMMIT');
    } catch (cause) {
      if (inTransaction) await client.query('ROLLBACK').catch(() => undefined);
      if (cause instanceof LockWaitError) throw cause;
      throw new MigrationError([`${place(migration, cause)}: ${formatReason(cause)}`], { cause });
    }
  }

  return { lock, prepare, readApplied, apply, close: () => client.end() };
}

async function connectClient(url: string, connectTimeoutMs: number): Promise<Client> {
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
  });
  // If the connection breaks, the current statement fails. Without a listener, the event would end the process.
  client.on('error', () => undefined);
  await client.connect().catch((cause: unknown) => {
    throw new MigrationError([`postgres cannot be reached: ${formatReason(cause)}`], { cause });
  });
  return client;
}

/** The file, and the line if the server reports the position. */
function place({ file, sql }: Migration, error: unknown): string {
  const position = error instanceof DatabaseError ? Number(error.position) : NaN;
  // The position counts characters from 1.
  return position > 0
    ? `${file}:${
        [...sql]
          .slice(0, position - 1)
          .join('')
          .split('\n').length
      }`
    : file;
}
