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
  /** Of `0001-create-orders.sql`, `0002-…`: other files in it are ignored. */
  directory: string | URL;
  /** How long to wait for another one that is migrating. Default 60 000. */
  lockTimeoutMs?: number;
  /** How long a statement may wait for a lock that somebody else holds, such as that of a table. Default 2000. */
  tableLockTimeoutMs?: number;
  /** The pauses before it is tried again; without any it is tried once. Default 1 s, 2 s, 4 s, 8 s. */
  tableLockPausesMs?: readonly number[];
  /** Default 10 000. */
  connectTimeoutMs?: number;
  /** Told of each file once it is applied. */
  onApplied?: (file: string, durationMs: number) => void;
  /** Told in words of each wait for a lock, and of who holds it. Default: a warning in the log. */
  onWait?: (line: string) => void;
}

/** How an engine's session is opened. */
export interface SessionOptions {
  url: string;
  connectTimeoutMs: number;
  tableLockTimeoutMs: number;
  onWait: (line: string) => void;
}

export interface MigrationReport {
  /** Files that this run applied, in order. */
  applied: readonly string[];
  /** Files that were applied before, by a version of the service that is newer than this one. */
  ahead: readonly string[];
}

/**
 * What each engine does in its own way. One connection, from `lock` to `close`. What waits too long for
 * a lock rejects with `LockWaitError` if nothing of it was done.
 */
export interface MigrationSession {
  /** Waits for others that migrate the same database; `close` gives it free. */
  lock(timeoutMs: number): Promise<void>;
  /** Makes the table if it is missing. */
  readApplied(): Promise<AppliedMigration[]>;
  /** Makes the tables that the chassis itself needs; comes after `lock`. */
  prepare?(): Promise<void>;
  apply(migration: Migration): Promise<void>;
  close(): Promise<void>;
}

/**
 * Brings a database to the state that a directory of SQL files describes: in order, each file once,
 * and only one process at a time. Meant for its own short run before the service starts.
 * @param connect opens the session; the engines' modules have it: `migratePostgres`, `migrateMysql`.
 * @throws {MigrationError} with all problems of the files, or with the one that a statement has.
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
