import { expect, it } from 'vitest';
import type { Reading } from './measure.js';
import { formatDeploys } from './report.js';

const reading = (seconds: number, failed: number, more: Partial<Reading> = {}): Reading => ({
  ...{ seconds, worked: true, said: '', sent: 400, slowestMs: 30.4, serves: 'other' },
  failed: Array.from({ length: failed }, () => 'GET /api/orders at 1.0 s: 503 after 2 ms'),
  touched: { made: 1, started: 1, stopped: 1, removed: 1, services: ['orders'], notes: 0 },
  ...more,
});

it('compares times with the first contender, and lists each observation once', () => {
  const touched = { made: 3, started: 3, stopped: 3, removed: 3, services: ['users'], notes: 2 };
  const readings = {
    version: [
      [reading(4, 5), reading(4, 9), reading(4, 7)],
      [reading(8, 0, { touched }), reading(6, 0, { touched }), reading(10, 0, { touched })],
    ],
  };
  const works = [{ id: 'version', title: 'a new version' }];
  const [, , compose, ours] = formatDeploys(works, ['Compose', 'ours'], readings).split('\n');
  const cells = (row = '') => row.split('|').map((cell) => cell.trim());
  expect(cells(compose)).toEqual([
    ...['', 'a new version', 'Compose', '4.0', '1', '400', '7 (5-9)', '30', '1 / 1 / 1 / 1', '0'],
    ...['the new version', ''],
  ]);
  expect(cells(ours)).toEqual([
    ...['', '', 'ours', '8.0', '2.00 (1.50-2.50)', '400', '0', '30', '3 / 3 / 3 / 3 + 2 notes'],
    ...['users', 'the new version', ''],
  ]);
});

it('has no row for a contender that cannot do the work', () => {
  const readings = { nothing: [[reading(2, 0)], undefined, [reading(1, 0)]] };
  const works = [{ id: 'nothing', title: 'nothing changed' }];
  const [, , ...rows] = formatDeploys(works, ['Compose', 'watch', 'ours'], readings).split('\n');
  expect(rows.map((row) => row.split('|')[2]!.trim())).toEqual(['Compose', 'ours']);
});
