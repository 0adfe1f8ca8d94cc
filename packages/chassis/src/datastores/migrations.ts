import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defaultLog } from '../telemetry/default-log.js';
import {
  MigrationError,
  parseMigrations,
  planMigrations,
  type AppliedMigration,
  type Migration,
  type MigrationFile,
} from './migration-plan.js';
import { LOCK_PAUSES_MS, LOCK_WAIT_MS, withLockPatience } from './migration-locks.js';

export interface MigrateOptions {
  url: string;
  /** The directory with `0001-create-orders.sql`, `0002-…`. Other files in it are ignored. */
  directory: string | URL;
  /** How long to wait while another process is migrating. Default 60 000. */
  lockTimeoutMs?: number;
  /** How long a statement may wait for a lock that another session holds, such as that of a table. Default 2000. */
  tableLockTimeoutMs?: number;
  /** The pauses before further attempts; if empty, there is one attempt. Default 1 s, 2 s, 4 s, 8 s. */
  tableLockPausesMs?: readonly number[];
  /** Default 10 000. */
  connectTimeoutMs?: number;
  /** Called for each applied file. */
  onApplied?: (file: string, durationMs: number) => void;
  /** Called with a message for each wait for a lock, which names the holder. Default: a warning in the log. */
  onWait?: (line: string) => void;
}

/** How to open a session of an engine. */
export interface SessionOptions {
  url: string;
  connectTimeoutMs: number;
  tableLockTimeoutMs: number;
  onWait: (line: string) => void;
}

export interface MigrationReport {
  /** Files that this run applied, in order. */
  applied: readonly string[];
  /** Applied files that do not exist here. A newer version of the service applied them. */
  ahead: readonly string[];
}

/**
 * The engine-specific part. It uses one connection, from `lock` to `close`. If a statement waited too long for a lock
 * and did nothing, it rejects with `LockWaitError`.
 */
export interface MigrationSession {
  /** Waits for others that migrate the same database. `close` releases the lock. */
  lock(timeoutMs: number): Promise<void>;
  /** Creates the table of applied files if it is missing. */
  readApplied(): Promise<AppliedMigration[]>;
  /** Creates the tables that the chassis itself needs. Called after `lock`. */
  prepare?(): Promise<void>;
  apply(migration: Migration): Promise<void>;
  close(): Promise<void>;
}

/**
 * Brings a database to the state of a directory of SQL files: in order, each file once, and in one process at a time.
 * Meant for a short run of its own before the service starts.
 *
 * @param connect opens the session. The modules of the engines provide it: `migratePostgres`, `migrateMysql`.
 * @throws {MigrationError} with all problems of the files, or with the failure of a statement.
 */
export async function migrate(
  options: Omit<MigrateOptions, 'directory'> & Partial<MigrateOptions>,
  connect: (options: SessionOptions) => Promise<MigrationSession>,
): Promise<MigrationReport> {
  const { url, directory, lockTimeoutMs = 60_000 } = options;
  const { connectTimeoutMs = 10_000, onApplied } = options;
  const { tableLockTimeoutMs = LOCK_WAIT_MS, tableLockPausesMs = LOCK_PAUSES_MS } = options;
  const { onWait = (line) => defaultLog().warn(line) } = options;
  const patience = { waitMs: tableLockTimeoutMs, pausesMs: tableLockPausesMs };
  const patiently = <T>(what: string, work: () => Promise<T>): Promise<T> =>
    withLockPatience(what, work, patience, onWait);
  const files = directory === undefined ? [] : await readMigrations(directory);
  const migrations = parseMigrations(files);
  const session = await connect({ url, connectTimeoutMs, tableLockTimeoutMs, onWait });
  try {
    await session.lock(lockTimeoutMs);
    await patiently('the tables of the chassis', async () => session.prepare?.());
    const applied = await patiently('chassis_migrations', () => session.readApplied());
    const { pending, ahead } = planMigrations(migrations, applied);
    for (const migration of pending) {
      const started = performance.now();
      await patiently(migration.file, () => session.apply(migration));
      onApplied?.(migration.file, Math.round(performance.now() - started));
    }
    return { applied: pending.map(({ file }) => file), ahead };
  } finally {
    await session.close().catch(() => undefined);
  }
}

async function readMigrations(given: string | URL): Promise<MigrationFile[]> {
  const directory = typeof given === 'string' ? given : fileURLToPath(given);
  const entries = await readdir(directory).catch((cause: NodeJS.ErrnoException) => {
    throw new MigrationError([`${directory}: cannot be read (${cause.code})`], { cause });
  });
  const files = entries.filter((entry) => entry.toLowerCase().endsWith('.sql')).sort();
  return Promise.all(
    files.map(async (file) => ({ file, sql: await readFile(join(directory, file), 'utf8') })),
  );
}
