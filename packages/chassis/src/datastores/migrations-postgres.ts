import { setTimeout as sleep } from 'node:timers/promises';
import { Client, DatabaseError } from 'pg';
import { checkConnectionUrl } from '../connections/connection-url.js';
import { formatReason } from '../errors/errors.js';
import { EVENT_TABLES } from '../events/event-tables.js';
import { MigrationError, type AppliedMigration, type Migration } from './migration-plan.js';
import {
  migrate,
  type MigrateOptions,
  type MigrationReport,
  type MigrationSession,
} from './migrations.js';

/** Any number that is the same for all: advisory locks are the database's own. */
const LOCK = 719_306_184_225;
const POLL_MS = 200;

export interface PostgresMigrateOptions extends Omit<MigrateOptions, 'directory'> {
  /** As in {@link MigrateOptions}; not needed where there are the tables of events alone. */
  directory?: MigrateOptions['directory'];
  /** Also the tables of `@org/chassis/outbox` and `@org/chassis/inbox`, before all files. Default false. */
  eventTables?: boolean;
}

/**
 * Brings a PostgreSQL database to the state that a directory of SQL files describes, as `migrate` does.
 * @throws {MigrationError} with all problems of the files, or with the one that a statement has.
 * @throws {TypeError} where `url` is invalid.
 */
export async function migratePostgres(options: PostgresMigrateOptions): Promise<MigrationReport> {
  checkConnectionUrl('database', options.url, ['postgres:', 'postgresql:']);
  return migrate(options, async (url, connectTimeoutMs) => {
    const session = await connectPostgres(url, connectTimeoutMs);
    return options.eventTables ? session : { ...session, prepare: undefined };
  });
}

async function connectPostgres(url: string, connectTimeoutMs: number): Promise<MigrationSession> {
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
  });
  // A break fails the statement at hand; unheard, the event would end the process.
  client.on('error', () => undefined);
  await client.connect().catch((cause: unknown) => {
    throw new MigrationError([`postgres cannot be reached: ${formatReason(cause)}`], { cause });
  });

  async function lock(timeoutMs: number): Promise<void> {
    const until = performance.now() + timeoutMs;
    for (;;) {
      const { rows } = await client.query<{ locked: boolean }>(
        'SELECT pg_try_advisory_lock($1) AS locked',
        [LOCK],
      );
      if (rows[0]?.locked) return;
      if (performance.now() >= until) {
        throw new MigrationError([`another process has been migrating for ${timeoutMs} ms`]);
      }
      // Not by a statement that waits: CREATE INDEX CONCURRENTLY of the other one would wait for that.
      await sleep(POLL_MS);
    }
  }

  /** A notice for each run is what `IF NOT EXISTS` would give. */
  async function hasTable(table: string): Promise<boolean> {
    const { rows } = await client.query<{ exists: boolean }>(
      'SELECT to_regclass($1) IS NOT NULL AS exists',
      [table],
    );
    return rows[0]?.exists ?? false;
  }

  async function prepare(): Promise<void> {
    for (const { name, statements } of EVENT_TABLES) {
      if (!(await hasTable(name))) await client.query(statements);
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
    const { rows } = await client.query<Omit<AppliedMigration, 'isFinished'>>(
      'SELECT number, file, checksum FROM chassis_migrations ORDER BY number',
    );
    return rows.map((row) => ({ ...row, isFinished: true }));
  }

  async function apply(migration: Migration): Promise<void> {
    const { number, file, checksum, sql, inTransaction } = migration;
    if (inTransaction) await client.query('BEGIN');
    try {
      await client.query(sql);
      if (inTransaction && client.getTransactionStatus() !== 'T') {
        throw new Error('ends the transaction that it runs in; take its COMMIT or ROLLBACK out');
      }
      await client.query(
        'INSERT INTO chassis_migrations (number, file, checksum) VALUES ($1, $2, $3)',
        [number, file, checksum],
      );
      if (inTransaction) await client.query('COMMIT');
    } catch (cause) {
      if (inTransaction) await client.query('ROLLBACK').catch(() => undefined);
      throw new MigrationError([`${place(migration, cause)}: ${formatReason(cause)}`], { cause });
    }
  }

  return { lock, prepare, readApplied, apply, close: () => client.end() };
}

/** File and, where the server tells the position, line. */
function place({ file, sql }: Migration, error: unknown): string {
  const position = error instanceof DatabaseError ? Number(error.position) : NaN;
  // Counted in characters from 1.
  return position > 0
    ? `${file}:${
        [...sql]
          .slice(0, position - 1)
          .join('')
          .split('\n').length
      }`
    : file;
}
