import type { PoolClient } from 'pg';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Postgres } from '../datastores/postgres.js';
import { once } from './inbox.js';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** An inbox in which all rows are old, on a fake database. */
function agedInbox(rows: number) {
  let deletes = 0;
  const client = { query: () => Promise.resolve({ rowCount: 1 }) } as unknown as PoolClient;
  const database = {
    transaction: (work: (client: PoolClient) => Promise<unknown>) => work(client),
    query: () => {
      deletes += 1;
      const rowCount = Math.min(rows, 10_000);
      rows -= rowCount;
      return Promise.resolve({ rowCount });
    },
  } as unknown as Postgres;
  return {
    database,
    seen: () => ({ rows, deletes }),
    add: (more: number) => {
      rows += more;
    },
  };
}

const handleOne = (database: Postgres) =>
  once(database, { id: 'e1' }, 'orders', () => Promise.resolve());

it('removes more than 100 events a second, for a day', async () => {
  const inbox = agedInbox(0);
  for (let second = 0; second < 86_400; second += 1) {
    inbox.add(100);
    await handleOne(inbox.database);
    vi.advanceTimersByTime(1000);
  }
  // The events of ten minutes, plus one batch.
  expect(inbox.seen().rows).toBeLessThanOrEqual(100 * 600 + 10_000);
});

it('checks every ten minutes if there is little to remove, however many events come', async () => {
  const inbox = agedInbox(9_999);
  for (let minute = 0; minute < 30; minute += 1) {
    await handleOne(inbox.database);
    await handleOne(inbox.database);
    vi.advanceTimersByTime(60_000);
  }
  expect(inbox.seen()).toEqual({ rows: 0, deletes: 3 });
});
