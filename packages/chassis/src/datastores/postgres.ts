import {
  DatabaseError,
  Pool,
  type PoolClient,
  type PoolConfig,
  type QueryResult,
  type QueryResultRow,
} from 'pg';
import { checkConnectionUrl } from '../connections/connection-url.js';
import { abortable, limitToDeadline, OutOfTimeError } from '../context/deadline.js';
import { formatReason } from '../errors/errors.js';
import { UnavailableError } from '../errors/unavailable.js';
import type { Resource } from '../service/resource.js';
import { defaultLog, type EventLog } from '../telemetry/default-log.js';

export interface PostgresOptions {
  /** Default `database`. */
  name?: string;
  /** Maximum number of connections. Default 10. */
  max?: number;
  /** How long one statement may run; the server ends it. A caller's deadline shortens it. Default 10 000. */
  statementTimeoutMs?: number;
  /** How long to wait for a connection, whether new or free. Default 3000. */
  connectTimeoutMs?: number;
  /** Logs connections that broke while they were unused. */
  log?: EventLog;
  /** Further options for `pg`: `ssl`, `application_name`. */
  pool?: Omit<PoolConfig, 'connectionString' | 'max'>;
}

export interface Postgres extends Resource {
  readonly kind: 'database';
  readonly pool: Pool;
  /** Runs one statement; values replace `$1`, `$2`. It ends at the caller's deadline. */
  query<R extends QueryResultRow = QueryResultRow>(
    text: string,
    values?: readonly unknown[],
  ): Promise<QueryResult<R>>;
  /** Commits when `work` resolves, rolls back when it rejects. `work` must use the client that it gets. */
  transaction<T>(work: (client: PoolClient) => Promise<T>): Promise<T>;
}

/** The server ends a statement first. This is for a server that does not answer at all. */
const GRACE_MS = 500;
/** A transaction that waits for something else keeps its locks. After this time, the server closes its connection. */
const IDLE_IN_TRANSACTION_MS = 30_000;
/** `query_canceled`, https://www.postgresql.org/docs/current/errcodes-appendix.html */
const QUERY_CANCELED = '57014';

/**
 * PostgreSQL, as a pool that survives restarts of the server: the next query replaces a broken connection. Its time
 * limits are settings of the session, so a pooler such as PgBouncer must use session pooling.
 *
 * @throws {TypeError} if `url` is invalid, or sets what `options` set as well.
 */
export function postgres(url: string, options: PostgresOptions = {}): Postgres {
  const { name = 'database', max = 10, statementTimeoutMs = 10_000 } = options;
  const { connectTimeoutMs = 3000, log = defaultLog() } = options;
  checkConnectionUrl(name, 'postgres', url);
  checkUrlOptions(name, url, options.pool);

  const pool = new Pool({
    keepAlive: true,
    idleTimeoutMillis: 30_000,
    // So that connections spread over all servers again after one was down.
    maxLifetimeSeconds: 1800,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    ...options.pool,
    connectionString: url,
    max,
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + GRACE_MS,
  });
  pool.on('error', (error) => {
    log.warn({ resource: name }, `an idle connection of ${name} broke: ${formatReason(error)}`);
  });
  // A broken connection fails its query, or the next one. Without a listener, the event would end the process.
  pool.on('connect', (client) => client.on('error', () => undefined));

  /** `statement_timeout` of each connection whose setting differs from the default. */
  const limits = new WeakMap<PoolClient, number>();

  async function limitStatements(client: PoolClient, limitMs: number): Promise<void> {
    if ((limits.get(client) ?? statementTimeoutMs) === limitMs) return;
    await client.query(`SET statement_timeout = ${limitMs}`);
    limits.set(client, limitMs);
  }

  async function connect(): Promise<PoolClient> {
    const limitMs = limitToDeadline(connectTimeoutMs, `a connection to ${name}`);
    if (limitMs === connectTimeoutMs) return connectWithin();
    return connectWithin(AbortSignal.timeout(limitMs));
  }

  async function connectWithin(signal?: AbortSignal): Promise<PoolClient> {
    const connecting = pool.connect();
    try {
      return await (signal ? abortable(connecting, signal) : connecting);
    } catch (error) {
      if (!signal?.aborted) throw new UnavailableError(name, error);
      connecting.then(
        (late) => late.release(),
        () => undefined,
      );
      throw new OutOfTimeError(`${name} had no free connection in time`, { cause: error });
    }
  }

  /** Connections in an unknown state. */
  const broken = new WeakSet<PoolClient>();

  async function use<T>(work: (client: PoolClient, limitMs: number) => Promise<T>): Promise<T> {
    const client = await connect();
    try {
      const limitMs = limitToDeadline(statementTimeoutMs, `a query of ${name}`);
      return await work(client, limitMs).catch((error: unknown) => {
        if (!isTimeout(error)) throw error;
        throw new OutOfTimeError(`${name} took longer than ${limitMs} ms`, { cause: error });
      });
    } finally {
      client.release(broken.has(client));
    }
  }

  async function transact<T>(
    client: PoolClient,
    limitMs: number,
    work: (client: PoolClient) => Promise<T>,
  ): Promise<T> {
    try {
      await client.query(`BEGIN; SET LOCAL statement_timeout = ${limitMs}`);
      const result = await work(client);
      const { command } = await client.query('COMMIT');
      if (command !== 'ROLLBACK') return result;
      throw new Error(
        'nothing was committed: a statement failed, and the callback did not throw its error',
      );
    } catch (error) {
      // A rollback would wait behind a statement that is still running. Closing the connection has the same effect.
      if (isUnanswered(error)) broken.add(client);
      else await client.query('ROLLBACK').catch(() => broken.add(client));
      throw error;
    }
  }

  let closed: Promise<void> | undefined;
  return {
    name,
    kind: 'database',
    pool,
    query: <R extends QueryResultRow>(text: string, values: readonly unknown[] = []) =>
      use(async (client, limitMs) => {
        try {
          await limitStatements(client, limitMs);
          const timed = { text, values: [...values], query_timeout: limitMs + GRACE_MS };
          return await client.query<R>(timed);
        } catch (error) {
          if (!(error instanceof DatabaseError)) broken.add(client);
          throw error;
        }
      }),
    transaction: (work) => use((client, limitMs) => transact(client, limitMs, work)),
    check: async (signal) => {
      const client = await connectWithin(signal).catch((error: unknown) => {
        throw error instanceof UnavailableError ? error.cause : error;
      });
      let answered = false;
      try {
        await abortable(client.query('SELECT 1'), signal);
        answered = true;
      } finally {
        client.release(!answered);
      }
    },
    close: () => (closed ??= pool.end()),
  };
}

/** Settings that these options set, by the name they have in `pg`'s configuration and in a URL. */
const OWN_OPTIONS: Readonly<Record<string, string>> = {
  max: 'max',
  statement_timeout: 'statementTimeoutMs',
  query_timeout: 'statementTimeoutMs',
  connectionTimeoutMillis: 'connectTimeoutMs',
};

/**
 * With pg 8.23.1, an option of the URL silently replaces the same option of the code: `?sslmode=require` drops
 * `pool.ssl` with its certificates (pg's ConnectionParameters merge the parsed URL last).
 */
function checkUrlOptions(name: string, url: string, pool: PostgresOptions['pool'] = {}): void {
  for (const option of new URL(url).searchParams.keys()) {
    const setting = /^ssl/.test(option) ? 'ssl' : option;
    const inCode = setting in pool ? `pool.${setting}` : OWN_OPTIONS[setting];
    if (inCode === undefined) continue;
    throw new TypeError(
      `the URL of "${name}" sets "${option}", and the code sets ${inCode}: pg would use only the URL's. Keep one of them`,
    );
  }
}

/** The error of `pg`'s own limit, which is longer than the server's. It has no code. */
function isUnanswered(error: unknown): boolean {
  return error instanceof Error && error.message === 'Query read timeout';
}

function isTimeout(error: unknown): boolean {
  const isCanceled = error instanceof DatabaseError && error.code === QUERY_CANCELED;
  return isCanceled || isUnanswered(error);
}
