import type { PoolClient } from 'pg';
import type { Postgres } from '../datastores/postgres.js';

const CLEAN_EVERY_MS = 600_000;
const CLEAN_BATCH = 10_000;
const DAY_MS = 86_400_000;

export interface OnceOptions {
  /** An event that comes again after this is handled again: longer than one may lie in a dead-letter queue. Default 30. */
  keepDays?: number;
}

const cleanedAt = new WeakMap<Postgres, number>();

/**
 * Does `work` once for each event and consumer, however often the event comes: that it was done is committed in the same
 * transaction. What reaches outside of the database, such as a call, is not undone with it: pass the event's id on as
 * `idempotency-key`.
 *
 * Its table is made by `migratePostgres({ …, eventTables: true })`.
 *
 * @param consumer names what handles the event, such as `orders`: one event may be handled by several.
 * @returns false where it was done before.
 */
export async function once(
  database: Postgres,
  event: { readonly id: string },
  consumer: string,
  work: (client: PoolClient) => Promise<unknown>,
  { keepDays = 30 }: OnceOptions = {},
): Promise<boolean> {
  const isFirst = await database.transaction(async (client) => {
    // Waits where another one is at the same event, and then knows how that ended.
    const { rowCount } = await client.query(
      'INSERT INTO chassis_inbox (consumer, event_id) VALUES ($1, $2) ON CONFLICT DO NOTHING',
      [consumer, event.id],
    );
    if (rowCount === 0) return false;
    await work(client);
    return true;
  });
  const now = performance.now();
  if (now - (cleanedAt.get(database) ?? -Infinity) >= CLEAN_EVERY_MS) {
    cleanedAt.set(database, now);
    // What fails now is done in ten minutes.
    await cleanInbox(database, keepDays * DAY_MS).catch(() => undefined);
  }
  return isFirst;
}

/**
 * Forgets events that were handled longer ago. `once` does so every ten minutes.
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
