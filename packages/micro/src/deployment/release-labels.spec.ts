import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { knownRelease } from '../testing/known-release';
import { parseHeldByContainers, parseReleases, parseSlice, releaseLabels } from './release-labels';

it.each([
  ['a few words', 'a\nb=c\t"$$"'],
  ['what no single argument of a command can hold', randomBytes(200_000).toString('hex')],
])('puts a slice with %s away in labels, and reads it again', (_, text) => {
  const slice = { services: { orders: { environment: { TEXT: text } } } };
  const labels = releaseLabels({ ...knownRelease(7), project: 'acme', slice });
  const lengths = Object.values(labels).map(({ length }) => length);
  expect(Math.max(...lengths)).toBeLessThan(100_000);
  expect(parseSlice(labels)).toEqual(slice);
});

it('reads the table of the engine', () => {
  const commit = `${'a'.repeat(40)} 7`;
  const row = (name: string, mark: string, number: string) =>
    [name, mark, 'orders', number, 'key', 'env=1', 'env=2', 'image', '2', commit, 'today'].join(
      '\t',
    );
  const rows = [
    row('a.orders.r1', '', '1'),
    row('a.orders.r2.open', 'open', '2'),
    row('a.orders.r2', '', '2'),
    row('a.orders.r3', '', '3'),
    row('a.orders.r3.again', 'again', '3'),
    // The lock, and a mark whose release was never noted.
    ['a.lock', '', '', '', '', '', '', '', '', '', ''].join('\t'),
    row('a.orders.r4.open', 'open', '4'),
  ];
  expect(parseReleases(rows.join('\n'))).toMatchObject([
    {
      id: 'a.orders.r1',
      number: 1,
      open: false,
      again: false,
      commit: { at: 7 },
      replicas: 2,
      template: 'env=2',
    },
    { number: 2, open: true, again: false },
    { number: 3, open: true, again: true },
  ]);
  expect(parseReleases('')).toEqual([]);
});

it('reads what an earlier version recorded in containers', () => {
  const row = (name: string, number: string) =>
    ['id', name, 'today', 'orders', number, 'key', 'env=1', 'image', '2'].join('\t');
  const rows = `${row('a.orders.r1', '1')}\n${row('a.orders.r2.open', '2')}\n`;
  expect(parseHeldByContainers(rows)).toMatchObject([
    { heldBy: 'container', number: 1, open: false },
    { heldBy: 'container', number: 2, open: true, again: false, replicas: 2 },
  ]);
});
