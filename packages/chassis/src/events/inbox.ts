import type { PoolClient } from 'pg';
import type { Postgres } from '../datastores/postgres.js';

const CLEAN_EVERY_MS = 600_000;
/** After a full batch there is more to forget: 10 000 a second keep up with any service. */
const CLEAN_ON_MS = 1000;
const CLEAN_BATCH = 10_000;
const DAY_MS = 86_400_000;

export interface OnceOptions {
  /** An event that comes again after this is handled again: longer than one may lie in a dead-letter queue. Default 30. */
  keepDays?: number;
}

/** When each database is cleaned next, on the clock of `performance.now()`. */
const cleanAt = new WeakMap<Postgres, number>();

/**
 * Does `work` once for each event and consumer, however often the event comes: that it was done is committed in the same
 * transaction. What reaches outside of the database, such as a call, is not undone with it: pass the event's id on as
 * `idempotency-key`.
 *
 * Its table is made by `migratePostgres({ …, eventTables: true })`.
 *
 * @param consumer names what handles the event, such as `orders`: one event may be handled by several.
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
    // Waits if another transaction handles the same event, and then sees its result.
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
  // Set at once: events that are handled meanwhile do not clean as well.
  cleanAt.set(database, now + CLEAN_EVERY_MS);
  // What fails now is done in ten minutes.
  const forgotten = await cleanInbox(database, olderThanMs).catch(() => 0);
  if (forgotten === CLEAN_BATCH) cleanAt.set(database, now + CLEAN_ON_MS);
}

/**
 * Forgets events that were handled longer ago. `once` does so every ten minutes, and every second while
 * there are more.
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
