import type { PoolClient } from 'pg';
import type { Postgres } from '../datastores/postgres.js';

const CLEAN_EVERY_MS = 600_000;
/** If a batch was full, there is more to remove. 10 000 a second is enough for any service. */
const CLEAN_ON_MS = 1000;
const CLEAN_BATCH = 10_000;
const DAY_MS = 86_400_000;

export interface OnceOptions {
  /**
   * If an event comes again after this many days, it is handled again. Must be longer than an event may stay in a
   * dead-letter queue. Default 30.
   */
  keepDays?: number;
}

/** When each database is cleaned next, on the clock of `performance.now()`. */
const cleanAt = new WeakMap<Postgres, number>();

/**
 * Runs `work` once for each event and consumer, however often the event comes. The record of it is committed in the
 * same transaction. Effects outside of the database, such as a call, are not rolled back with it: pass on the event's
 * id as `idempotency-key`.
 *
 * The table is created by `migratePostgres({ …, eventTables: true })`.
 *
 * @param consumer names the handler, such as `orders`, because several may handle one event.
 * @returns false if it was done before.
 */
export async function once(
  database: Postgres,
  event: { readonly id: string },
  consumer: string,
  work: (client: PoolClient) => Promise<unknown>,
  { keepDays = 30 }: OnceOptions = {},
): Promise<boolean> {
  const isFirst = await database.transaction(async (client) => {
    // If another transaction handles the same event, this waits and then sees its result.
    const { rowCount } = await client.query(
      'INSERT INTO chassis_inbox (consumer, event_id) VALUES ($1, $2) ON CONFLICT DO NOTHING',
      [consumer, event.id],
    );
    if (rowCount === 0) return false;
    await work(client);
    return true;
  });
  await cleanIfDue(database, keepDays * DAY_MS);
  return isFirst;
}

async function cleanIfDue(database: Postgres, olderThanMs: number): Promise<void> {
  const now = performance.now();
  if (now < (cleanAt.get(database) ?? now)) return;
  // Set before cleaning, so that events that are handled meanwhile do not start it again.
  cleanAt.set(database, now + CLEAN_EVERY_MS);
  // If it fails, the next run is in ten minutes.
  const forgotten = await cleanInbox(database, olderThanMs).catch(() => 0);
  if (forgotten === CLEAN_BATCH) cleanAt.set(database, now + CLEAN_ON_MS);
}

/**
 * Removes the records of events that were handled longer ago. `once` does so every ten minutes, and every second while
 * there are more.
 *
 * @returns how many, 10 000 at most.
 */
export async function cleanInbox(database: Postgres, olderThanMs: number): Promise<number> {
  const { rowCount } = await database.query(
    `DELETE FROM chassis_inbox WHERE (consumer, event_id) IN (
       SELECT consumer, event_id FROM chassis_inbox
       WHERE handled_at < now() - $1 * interval '1 millisecond'
       LIMIT ${CLEAN_BATCH} FOR UPDATE SKIP LOCKED)`,
    [olderThanMs],
  );
  return rowCount ?? 0;
}
