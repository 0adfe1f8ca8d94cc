import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import type { LockHolder } from './migration-locks.js';

export interface LockWatch {
  /** Opens a second connection for looking: the one that waits cannot be used. */
  connect: () => Promise<Client>;
  /** The id of the watched session. */
  pid: number;
  /** How long it may wait for a lock. */
  timeoutMs: number;
  /**
   * For statements without `lock_timeout`: called once for a long wait that blocks nobody else. A wait that would block
   * others is cancelled after `timeoutMs`.
   */
  onHarmlessWait?: ((holders: readonly LockHolder[]) => void) | undefined;
}

export interface LockReport {
  /** The last known holders of the lock. */
  holders: readonly LockHolder[];
  hasCancelled: boolean;
}

/** Statements that end sooner than this are not looked at. */
const FIRST_LOOK_MS = 500;
const LOOK_AGAIN_MS = 250;
const TELL_AFTER_MS = 10_000;

interface WaitRow {
  locktype: string;
  mode: string;
}

interface HolderRow {
  pid: number;
  user: string | null;
  application: string | null;
  address: string | null;
  state: string | null;
  seconds: number | null;
}

/**
 * Finds out, over a second connection, which session blocks another one. Needs no privileges. Without
 * `pg_read_all_stats`, it does not see what sessions of other users are doing, or since when.
 */
export function watchPostgresLocks({ connect, pid, timeoutMs, onHarmlessWait }: LockWatch) {
  const ending = new AbortController();
  const report: { holders: readonly LockHolder[]; hasCancelled: boolean } = {
    holders: [],
    hasCancelled: false,
  };
  const pause = (ms: number) => sleep(ms, undefined, { signal: ending.signal, ref: false });

  async function look(): Promise<void> {
    await pause(Math.min(FIRST_LOOK_MS, timeoutMs / 4));
    const client = await connect();
    let waitingSince: number | undefined;
    let hasTold = false;
    try {
      for (;;) {
        const { rows } = await client.query<WaitRow>(
          'SELECT locktype, mode FROM pg_locks WHERE pid = $1 AND NOT granted',
          [pid],
        );
        const wait = rows[0];
        if (!wait) waitingSince = undefined;
        else {
          waitingSince ??= performance.now();
          const holders = await readHolders(client, pid);
          if (holders.length > 0) report.holders = holders;
          const waited = performance.now() - waitingSince;
          if (onHarmlessWait && isHarmless(wait)) {
            if (!hasTold && waited >= TELL_AFTER_MS) onHarmlessWait(report.holders);
            hasTold ||= waited >= TELL_AFTER_MS;
          } else if (onHarmlessWait && waited >= timeoutMs && !report.hasCancelled) {
            report.hasCancelled = true;
            await client.query('SELECT pg_cancel_backend($1)', [pid]);
          }
        }
        await pause(LOOK_AGAIN_MS);
      }
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  // If the locks cannot be read, nothing is reported; the statement itself is not affected.
  const looking = look().catch(() => undefined);
  return {
    async stop(): Promise<LockReport> {
      ending.abort();
      await looking;
      return report;
    },
  };
}

/**
 * Whether the wait blocks no other session. `CREATE INDEX CONCURRENTLY` and similar statements wait for transactions,
 * and for a lock that neither readers nor writers need.
 */
function isHarmless({ locktype, mode }: WaitRow): boolean {
  return locktype === 'virtualxid' || mode === 'ShareUpdateExclusiveLock';
}

async function readHolders(client: Client, pid: number): Promise<LockHolder[]> {
  const { rows } = await client.query<HolderRow>(
    `SELECT DISTINCT blocking.pid, a.usename AS user, host(a.client_addr) AS address, a.state,
       coalesce(nullif(a.application_name, ''), nullif(a.backend_type, 'client backend')) AS application,
       extract(epoch FROM clock_timestamp() - a.xact_start)::float AS seconds
     FROM unnest(pg_blocking_pids($1)) AS blocking (pid)
     LEFT JOIN pg_stat_activity a ON a.pid = blocking.pid
     ORDER BY blocking.pid`,
    [pid],
  );
  return rows.map(({ pid: id, user, application, address, state, seconds }) => ({
    id,
    user: user ?? undefined,
    application: application ?? undefined,
    address: address ?? undefined,
    state: state ?? undefined,
    seconds: seconds ?? undefined,
  }));
}
