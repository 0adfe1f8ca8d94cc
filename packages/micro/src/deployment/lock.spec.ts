import { describe, expect, it } from 'vitest';
import { EXPIRY, formatHolder, lockName, LockWatch, parseHeldLock, type Lock } from './lock';

const lock: Lock = {
  user: 'ada@laptop',
  pid: 7,
  run: 'laptop:6',
  command: 'compose-deploy of orders',
  id: 'one',
  since: '2026-11-21T12:00:00.000Z',
};
const row = (name: string, label = '', beat = '') => [name, label, beat].join('\t');

describe('a lock', () => {
  it('is read from the volumes of its project, with its last renewal', () => {
    const table = [
      row('shop.lock.3', '', 'one 3'),
      row('shop.lock', JSON.stringify(lock)),
      row('shop.lock.9', '', 'of-another 9'),
      row('shop.orders.r7'),
    ].join('\n');
    expect(parseHeldLock(table, 'shop')).toEqual({
      held: { lock, beat: 3 },
      beats: ['shop.lock.3', 'shop.lock.9'],
    });
  });

  it('counts as held if its label cannot be read, and as free if it does not exist', () => {
    expect(parseHeldLock(row('shop.lock', '{"odd'), 'shop').held?.lock.user).toBe('somebody');
    expect(parseHeldLock(row('shop.lock', ''), 'shop').held?.lock.user).toBe('somebody');
    expect(parseHeldLock('', 'shop').held).toBeUndefined();
  });

  it('names its holder', () => {
    expect(formatHolder(lock)).toBe(
      'ada@laptop since 12:00:00 UTC (pid 7: compose-deploy of orders)',
    );
    expect(formatHolder({ ...lock, user: 'a\x1b[2J', command: 'b\x07' })).toBe(
      'a\\x1b[2J since 12:00:00 UTC (pid 7: b\\x07)',
    );
    expect(lockName('acme-production')).toBe('acme-production.lock');
  });
});

describe('a watched lock', () => {
  const held = (beat: number, id = 'one') => ({ lock: { ...lock, id }, beat });

  it.each<[string, [ReturnType<typeof held>, number][], string]>([
    ['just seen', [[held(4), 0]], 'silent'],
    [
      'that gave a sign of life',
      [
        [held(4), 0],
        [held(5), 3],
      ],
      'alive',
    ],
    [
      'that gave none for long enough',
      [
        [held(4), 0],
        [held(4), EXPIRY + 1],
      ],
      'dead',
    ],
    [
      'that gave none, but not for long enough',
      [
        [held(4), 0],
        [held(4), EXPIRY],
      ],
      'silent',
    ],
    [
      'whose holder died while it was watched',
      [
        [held(4), 0],
        [held(5), 5],
        [held(5), 6 + EXPIRY],
      ],
      'dead',
    ],
    [
      'that another took',
      [
        [held(4), 0],
        [held(0, 'two'), EXPIRY],
      ],
      'alive',
    ],
  ])('%s', (_, looks, expected) => {
    const watch = new LockWatch();
    expect(looks.map(([seen, now]) => watch.look(seen, now)).at(-1)).toBe(expected);
  });
});
