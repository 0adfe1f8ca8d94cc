import { createConnection, type Connection, type RowDataPacket } from 'mysql2';
import { checkConnectionUrl } from '../connections/connection-url.js';
import { formatReason } from '../errors/errors.js';
import { formatHolders, LockWaitError } from './migration-locks.js';
import { MigrationError, type AppliedMigration, type Migration } from './migration-plan.js';
import {
  migrate,
  type MigrateOptions,
  type MigrationReport,
  type MigrationSession,
  type SessionOptions,
} from './migrations.js';
import { watchMysqlLocks } from './mysql-locks.js';

/**
 * Locks belong to the server, not to a database, so the name contains that of the database: at most 40 of 64
 * characters.
 */
const LOCK = `SHA1(CONCAT('chassis_migrations:', DATABASE()))`;

/** `ER_LOCK_WAIT_TIMEOUT`, for the metadata of a table and for a row. */
const LOCK_WAIT_TIMEOUT = 1205;

interface LockRow extends RowDataPacket {
  hasDatabase: number;
  locked: number | null;
  holder: number | null;
}

interface AppliedRow extends RowDataPacket {
  number: number;
  file: string;
  checksum: string;
  isFinished: number;
}

/**
 * Brings a MySQL or MariaDB database to the state of a directory of SQL files, like `migrate`.
 *
 * @throws {MigrationError} with all problems of the files, or with the failure of a statement.
 * @throws {TypeError} if `url` is invalid.
 */
export async function migrateMysql(options: MigrateOptions): Promise<MigrationReport> {
  checkConnectionUrl('database', 'mysql', options.url);
  return migrate(options, connectMysql);
}

/**
 * MySQL commits before and after each CREATE, ALTER and DROP, so if a file fails halfway, its first half stays. Each
 * file is therefore recorded twice: when it starts and when it is finished.
 */
async function connectMysql({
  url,
  connectTimeoutMs,
  tableLockTimeoutMs,
}: SessionOptions): Promise<MigrationSession> {
  const connection = await open(url, connectTimeoutMs);
  const session = connection.promise();
  const [own] = await session.query<RowDataPacket[]>('SELECT CONNECTION_ID() AS id');
  const id = Number(own[0]!['id']);

  const watch = () =>
    watchMysqlLocks({
      connect: () => open(url, connectTimeoutMs),
      id,
      timeoutMs: tableLockTimeoutMs,
    });

  /** Set again for each file, because the file before may have changed it. The server counts in whole seconds. */
  async function limitLocks(): Promise<void> {
    const seconds = Math.max(1, Math.round(tableLockTimeoutMs / 1000));
    await session.query('SET SESSION lock_wait_timeout = ?, SESSION innodb_lock_wait_timeout = ?', [
      seconds,
      seconds,
    ]);
  }

  /** Runs one statement of the chassis itself. A wait for a lock that took too long has its own error. */
  async function patient<T>(work: () => Promise<T>): Promise<T> {
    await limitLocks();
    const watching = watch();
    try {
      const result = await work();
      await watching.stop();
      return result;
    } catch (cause) {
      const holders = await watching.stop();
      throw isLockWait(cause) ? new LockWaitError(holders, { cause }) : cause;
    }
  }

  async function lock(timeoutMs: number): Promise<void> {
    const seconds = Math.max(1, Math.round(timeoutMs / 1000));
    const [rows] = await session.query<LockRow[]>(
      `SELECT DATABASE() IS NOT NULL AS hasDatabase, IF(DATABASE() IS NULL, NULL, GET_LOCK(${LOCK}, ?)) AS locked,
         IF(DATABASE() IS NULL, NULL, IS_USED_LOCK(${LOCK})) AS holder`,
      [seconds],
    );
    if (rows[0]?.hasDatabase !== 1) throw new MigrationError(['the URL names no database']);
    const { locked, holder } = rows[0];
    if (locked !== 1) {
      const who = holder === null ? '' : `; ${formatHolders([{ id: holder }])}`;
      throw new MigrationError([`another process has been migrating for ${seconds} s${who}`]);
    }
  }

  async function readApplied(): Promise<AppliedMigration[]> {
    await session.query(
      `CREATE TABLE IF NOT EXISTS chassis_migrations (
         number INT PRIMARY KEY,
         file VARCHAR(255) NOT NULL,
         checksum CHAR(64) NOT NULL,
         started_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
         finished_at TIMESTAMP NULL
       )`,
    );
    const [rows] = await patient(() =>
      session.query<AppliedRow[]>(
        `SELECT number, file, checksum, finished_at IS NOT NULL AS isFinished
         FROM chassis_migrations ORDER BY number`,
      ),
    );
    return rows.map(({ number, file, checksum, isFinished }) => ({
      number,
      file,
      checksum,
      isFinished: isFinished === 1,
    }));
  }

  async function apply(migration: Migration): Promise<void> {
    const { number, file, checksum, sql } = migration;
    await patient(() =>
      session.query('INSERT INTO chassis_migrations (number, file, checksum) VALUES (?, ?, ?)', [
        number,
        file,
        checksum,
      ]),
    );
    const watching = watch();
    const { done, error } = await run(connection, sql);
    const holders = await watching.stop();
    if (error === undefined) {
      await session.query(
        'UPDATE chassis_migrations SET finished_at = CURRENT_TIMESTAMP WHERE number = ?',
        [number],
      );
      return;
    }
    const held = isLockWait(error) ? `; ${formatHolders(holders)}` : '';
    const problem = `${file}: statement ${done + 1}: ${formatReason(error)}${held}`;
    if (done > 0) {
      const what =
        done === 1 ? 'the statement before it is' : `the ${done} statements before it are`;
      const undo = `${what} in the database; undo that and delete the row ${number} of chassis_migrations`;
      throw new MigrationError([`${problem}; ${undo}`], { cause: error });
    }
    // A single statement is done completely or not at all, so nothing happened.
    await session
      .query('DELETE FROM chassis_migrations WHERE number = ?', [number])
      .catch(() => {});
    if (isLockWait(error)) throw new LockWaitError(holders, { cause: error });
    throw new MigrationError([problem], { cause: error });
  }

  return { lock, readApplied, apply, close: () => session.end() };
}

async function open(url: string, connectTimeoutMs: number): Promise<Connection> {
  const connection = createConnection({
    uri: url.replace(/^mariadb:/, 'mysql:'),
    connectTimeout: connectTimeoutMs,
    multipleStatements: true,
  });
  // If the connection breaks, the current statement fails. Without a listener, the event would end the process.
  connection.on('error', () => undefined);
  await connection
    .promise()
    .connect()
    .catch((cause: unknown) => {
      throw new MigrationError([`mysql cannot be reached: ${formatReason(cause)}`], { cause });
    });
  return connection;
}

function isLockWait(error: unknown): boolean {
  return (error as { errno?: unknown } | undefined)?.errno === LOCK_WAIT_TIMEOUT;
}

/** Runs all statements of a text, and says how many succeeded. */
function run(connection: Connection, sql: string): Promise<{ done: number; error?: Error }> {
  return new Promise((resolve) => {
    let done = 0;
    connection
      .query(sql, (error) => resolve(error ? { done, error } : { done }))
      // Once for each statement that succeeded.
      .on('fields', () => done++);
  });
}
