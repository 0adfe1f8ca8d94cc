import { expect, it } from 'vitest';
import {
  formatHolders,
  LockWaitError,
  withLockPatience,
  type LockHolder,
} from './migration-locks.js';

const psql: LockHolder = {
  id: 4711,
  user: 'orders',
  application: 'psql',
  address: '172.20.0.9',
  state: 'idle in transaction',
  seconds: 83.4,
};

it.each<[string, LockHolder[], string]>([
  ['nobody', [], 'the server does not say who holds it'],
  [
    'a session with all that is known of it',
    [psql],
    'it is held by session 4711 (user "orders", application "psql", from 172.20.0.9, idle in transaction, open for 83 s)',
  ],
  ['a session of which only the number is seen', [{ id: 7 }], 'it is held by session 7'],
  ['several', [{ id: 7 }, { id: 8 }], 'it is held by session 7 and session 8'],
  [
    'guesses',
    [
      { id: 7, user: 'shop', isGuess: true },
      { id: 8, isGuess: true },
    ],
    'it may be held by session 7 (user "shop") or session 8',
  ],
  [
    'no session at all',
    [{ id: 0 }],
    'it is held by a prepared transaction (see pg_prepared_xacts)',
  ],
])('formats %s', (_what, holders, text) => {
  expect(formatHolders(holders)).toBe(text);
});

function recorder(failures: number) {
  const lines: string[] = [];
  let tries = 0;
  const work = () => {
    tries += 1;
    return tries <= failures ? Promise.reject(new LockWaitError([psql])) : Promise.resolve('done');
  };
  const run = (pausesMs: number[]) =>
    withLockPatience('0002-x.sql', work, { waitMs: 2000, pausesMs }, (line) => lines.push(line));
  return { run, lines, tries: () => tries };
}

it('tries again after each pause, and says why', async () => {
  const { run, lines, tries } = recorder(2);
  expect(await run([1, 2, 3])).toBe('done');
  expect(tries()).toBe(3);
  expect(lines.map((line) => line.replace(/\(.*\)/, '(…)'))).toEqual([
    '0002-x.sql waits for a lock; it is held by session 4711 (…); trying again in 0 s',
    '0002-x.sql waits for a lock; it is held by session 4711 (…); trying again in 0 s',
  ]);
});

it('fails after the last pause, with the holder of the lock', async () => {
  const { run, tries } = recorder(9);
  await expect(run([1])).rejects.toThrow(
    /^0002-x\.sql: gave up after 2 tries in [\d.]+ s: a lock was not free within 2 s; it is held by session 4711 /,
  );
  expect(tries()).toBe(2);
});

it('does not try again if the reason is not a lock', async () => {
  const work = () => Promise.reject(new Error('syntax error'));
  const run = withLockPatience('x', work, { waitMs: 1, pausesMs: [1] }, () => undefined);
  await expect(run).rejects.toThrow('syntax error');
});
