import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection, RowDataPacket } from 'mysql2';
import type { LockHolder } from './migration-locks.js';

export interface MysqlLockWatch {
  /** Opens a second connection for looking: the one that waits cannot be used. */
  connect: () => Promise<Connection>;
  /** The id of the watched session. */
  id: number;
  /** How long it may wait for a lock. */
  timeoutMs: number;
}

/** Statements that end sooner than this are not looked at. */
const FIRST_LOOK_MS = 500;
const LOOK_AGAIN_MS = 250;
/** If there are more sessions than this, naming all of them does not help. */
const MOST_GUESSES = 5;

interface HolderRow extends RowDataPacket {
  id: number;
  user: string | null;
  address: string | null;
  state: string | null;
  seconds: number | null;
}

/**
 * The holders of locks that the session waits for. MySQL has tables for them; MariaDB has them if its
 * performance_schema is on. Needs SELECT on performance_schema.
 */
const HOLDERS = `
  SELECT DISTINCT t.PROCESSLIST_ID AS id, t.PROCESSLIST_USER AS user, t.PROCESSLIST_HOST AS address,
    t.PROCESSLIST_COMMAND AS state, t.PROCESSLIST_TIME AS seconds
  FROM performance_schema.metadata_locks wanted
  JOIN performance_schema.threads own ON own.THREAD_ID = wanted.OWNER_THREAD_ID
  JOIN performance_schema.metadata_locks held
    ON held.OBJECT_TYPE = wanted.OBJECT_TYPE AND held.OBJECT_SCHEMA <=> wanted.OBJECT_SCHEMA
    AND held.OBJECT_NAME <=> wanted.OBJECT_NAME
    AND held.LOCK_STATUS = 'GRANTED' AND held.OWNER_THREAD_ID <> wanted.OWNER_THREAD_ID
  JOIN performance_schema.threads t ON t.THREAD_ID = held.OWNER_THREAD_ID
  WHERE wanted.LOCK_STATUS = 'PENDING' AND own.PROCESSLIST_ID = ?`;

/** Sessions with an open transaction. Needs the privilege PROCESS. */
const TRANSACTIONS = `
  SELECT p.ID AS id, p.USER AS user, p.HOST AS address, p.COMMAND AS state,
    TIMESTAMPDIFF(SECOND, t.trx_started, NOW()) AS seconds
  FROM information_schema.INNODB_TRX t JOIN information_schema.PROCESSLIST p ON p.ID = t.trx_mysql_thread_id
  WHERE p.ID NOT IN (?, CONNECTION_ID()) ORDER BY t.trx_started LIMIT ${MOST_GUESSES}`;

/** Other sessions of the same user in the same database: a user without privileges sees no more. */
const SESSIONS = `
  SELECT ID AS id, USER AS user, HOST AS address, COMMAND AS state, NULL AS seconds
  FROM information_schema.PROCESSLIST
  WHERE ID NOT IN (?, CONNECTION_ID()) AND DB = DATABASE() ORDER BY TIME DESC LIMIT ${MOST_GUESSES}`;

/** Waiting for a table's definition is a state of the session. Waiting for a row shows only as a long statement. */
const WAITS = `SELECT 1 AS waits FROM information_schema.PROCESSLIST
  WHERE ID = ? AND (STATE LIKE 'Waiting for %lock%' OR (COMMAND = 'Query' AND TIME >= 1))`;

/** Finds out, over a second connection, which session blocks a session of MySQL or MariaDB. */
export function watchMysqlLocks({ connect, id, timeoutMs }: MysqlLockWatch) {
  const ending = new AbortController();
  let holders: readonly LockHolder[] = [];
  const pause = (ms: number) => sleep(ms, undefined, { signal: ending.signal, ref: false });

  async function look(): Promise<void> {
    await pause(Math.min(FIRST_LOOK_MS, timeoutMs / 4));
    const connection = await connect();
    try {
      for (;;) {
        const [waits] = await connection.promise().query<RowDataPacket[]>(WAITS, [id]);
        if (waits.length > 0) {
          const found = await readHolders(connection, id);
          if (found.length > 0) holders = found;
        }
        await pause(LOOK_AGAIN_MS);
      }
    } finally {
      connection.destroy();
    }
  }

  // If the locks cannot be read, nothing is reported; the statement itself is not affected.
  const looking = look().catch(() => undefined);
  return {
    async stop(): Promise<readonly LockHolder[]> {
      ending.abort();
      await looking;
      return holders;
    },
  };
}

/** Ordered from exact to vague. Which query works depends on the user's privileges and on the server. */
async function readHolders(connection: Connection, id: number): Promise<LockHolder[]> {
  for (const [sql, isGuess] of [
    [HOLDERS, false],
    [TRANSACTIONS, true],
    [SESSIONS, true],
  ] as const) {
    const rows = await connection
      .promise()
      .query<HolderRow[]>(sql, [id])
      .then(
        ([found]) => found,
        () => [],
      );
    if (rows.length > 0) return rows.map((row) => toHolder(row, isGuess));
  }
  return [];
}

function toHolder({ id, user, address, state, seconds }: HolderRow, isGuess: boolean): LockHolder {
  return {
    id,
    user: user ?? undefined,
    address: address ?? undefined,
    state: state ?? undefined,
    seconds: seconds ?? undefined,
    isGuess,
  };
}
