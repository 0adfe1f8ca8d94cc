import {
  createPool,
  type Pool,
  type PoolConnection,
  type PoolOptions,
  type QueryResult,
  type RowDataPacket,
} from 'mysql2/promise';
import { checkConnectionUrl } from '../connections/connection-url.js';
import { abortable, limitToDeadline, OutOfTimeError } from '../context/deadline.js';
import { UnavailableError } from '../errors/unavailable.js';
import type { Resource } from '../service/resource.js';

export interface MysqlOptions {
  /** Default `database`. */
  name?: string;
  /** Maximum number of connections. Default 10. */
  max?: number;
  /**
   * How long one query may run; after that, the server is told to end it. A caller's deadline shortens it. Default 10
   * 000.
   */
  statementTimeoutMs?: number;
  /** How long a whole transaction may take, because others wait for its locks. Default 30 000. */
  transactionTimeoutMs?: number;
  /** How long to wait for a connection, whether new or free. Default 3000. */
  connectTimeoutMs?: number;
  /** Further options for `mysql2`: `ssl`, `timezone`. */
  pool?: Omit<PoolOptions, 'connectionLimit' | 'multipleStatements' | 'uri'>;
}

export interface Mysql extends Resource {
  readonly kind: 'database';
  readonly pool: Pool;
  /**
   * Runs one statement; values replace `?`. Returns the rows of a SELECT; otherwise the number of affected rows and the
   * like.
   */
  query<T extends QueryResult = RowDataPacket[]>(
    sql: string,
    values?: readonly unknown[],
  ): Promise<T>;
  /** Commits when `work` resolves, rolls back when it rejects. `work` must use the connection that it gets. */
  transaction<T>(work: (connection: PoolConnection) => Promise<T>): Promise<T>;
}

/**
 * MySQL or MariaDB (`mysql://` and `mariadb://`), as a pool that survives restarts of the server: the next query
 * replaces a broken connection. Dates are UTC unless `pool.timezone` says otherwise.
 *
 * @throws {TypeError} if `url` is invalid.
 */
export function mysql(url: string, options: MysqlOptions = {}): Mysql {
  const { name = 'database', max = 10, connectTimeoutMs = 3000 } = options;
  const { statementTimeoutMs = 10_000, transactionTimeoutMs = 30_000 } = options;
  checkConnectionUrl(name, 'mysql', url);

  const pool = createPool({
    enableKeepAlive: true,
    timezone: 'Z',
    // Otherwise, an object as a value becomes a piece of SQL, which allows SQL injection by a request.
    stringifyObjects: true,
    supportBigNumbers: true,
    ...options.pool,
    uri: url.replace(/^mariadb:/, 'mysql:'),
    connectionLimit: max,
    connectTimeout: connectTimeoutMs,
  });
  // A broken connection fails its query. Without a listener, a second error event would end the process.
  pool.on('connection', (connection) => connection.on('error', () => undefined));

  const underWay = new Set<Promise<unknown>>();

  /** The pool itself waits for a free connection without limit. */
  async function connectWithin(signal: AbortSignal): Promise<PoolConnection> {
    const connecting = pool.getConnection();
    try {
      return await abortable(connecting, signal);
    } catch (error) {
      connecting.then(
        (late) => late.release(),
        () => undefined,
      );
      throw error;
    }
  }

  async function connect(): Promise<PoolConnection> {
    const limitMs = limitToDeadline(connectTimeoutMs, `a connection to ${name}`);
    const signal = AbortSignal.timeout(limitMs);
    return connectWithin(signal).catch((error: unknown) => {
      if (!signal.aborted) throw new UnavailableError(name, error);
      const message = `${name} had no free connection within ${limitMs} ms`;
      if (limitMs < connectTimeoutMs) throw new OutOfTimeError(message, { cause: error });
      throw new UnavailableError(name, new Error(message));
    });
  }

  /** Ends the running query on the server, which would otherwise continue after the client is gone. */
  async function kill(connection: PoolConnection): Promise<void> {
    const { threadId } = connection;
    connection.destroy();
    const other = await connectWithin(AbortSignal.timeout(connectTimeoutMs));
    try {
      await other.query('KILL ?', [threadId]);
    } finally {
      other.release();
    }
  }

  async function use<T>(
    timeoutMs: number,
    work: (connection: PoolConnection) => Promise<T>,
  ): Promise<T> {
    const connection = await connect();
    try {
      const limitMs = limitToDeadline(timeoutMs, `a query of ${name}`);
      const timeout = AbortSignal.timeout(limitMs);
      return await abortable(work(connection), timeout).catch((error: unknown) => {
        if (!timeout.aborted) throw withoutValues(error);
        // It may have ended meanwhile, or the server may be gone.
        void kill(connection).catch(() => undefined);
        throw new OutOfTimeError(`${name} took longer than ${limitMs} ms`, { cause: error });
      });
    } finally {
      connection.release();
    }
  }

  function counted<T>(work: Promise<T>): Promise<T> {
    underWay.add(work);
    return work.finally(() => underWay.delete(work));
  }

  let closed: Promise<void> | undefined;
  async function close(): Promise<void> {
    // The pool itself would close connections during their transactions.
    await Promise.allSettled(underWay);
    // A connection that cannot be closed regularly is broken.
    await pool.end().catch(() => undefined);
  }

  return {
    name,
    kind: 'database',
    pool,
    query: <T extends QueryResult>(sql: string, values: readonly unknown[] = []) =>
      counted(
        use(statementTimeoutMs, async (connection) => {
          const [result] = await connection.query<T>(sql, [...values]);
          return result;
        }),
      ),
    transaction: (work) =>
      counted(use(transactionTimeoutMs, (connection) => transact(connection, work))),
    check: async (signal) => {
      const connection = await connectWithin(signal);
      try {
        await abortable(connection.ping(), signal);
      } catch (error) {
        connection.destroy();
        throw error;
      } finally {
        connection.release();
      }
    },
    close: () => (closed ??= close()),
  };
}

async function transact<T>(
  connection: PoolConnection,
  work: (connection: PoolConnection) => Promise<T>,
): Promise<T> {
  await connection.beginTransaction();
  try {
    const result = await work(connection);
    await connection.commit();
    return result;
  } catch (error) {
    // If the rollback fails too, the connection must not be used again. Closing it rolls back.
    await connection.rollback().catch(() => connection.destroy());
    throw error;
  }
}

/** The driver's errors contain the statement with all its values, which would then be in the log. */
function withoutValues(error: unknown): unknown {
  if (error instanceof Error && 'sql' in error) delete error.sql;
  return error;
}
