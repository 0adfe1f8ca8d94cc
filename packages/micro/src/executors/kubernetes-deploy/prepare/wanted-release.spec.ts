import { expect, it } from 'vitest';
import type { ClusterBook, ClusterRelease } from '../../../kubernetes/release-book';
import type { Destination } from '../../deploy-options';
import { canaryInTheWay, wantedRelease } from './wanted-release';

const release = (number: number): ClusterRelease => ({
  ...{ number, key: `k${number}`, image: `i${number}`, since: '', hash: `h${number}` },
  ...{ objects: [], jobs: [], secret: { variables: [], files: [] } },
});
const BOOK: ClusterBook = { current: 2, releases: [release(2), release(1)] };
const canary = (ready: boolean): ClusterBook => ({
  ...BOOK,
  canary: { weight: 10, ready, release: release(3) },
});
const withHeader: ClusterBook = {
  ...BOOK,
  canary: {
    ...{ weight: 0, header: { name: 'X-Version', value: 'next' } },
    ...{ ready: false, release: release(3) },
  },
};

it.each<[Destination, ClusterBook | undefined, number | string]>([
  [{ kind: 'release' }, BOOK, 1],
  [{ kind: 'release', to: '2' }, BOOK, 2],
  [
    { kind: 'release', to: '9' },
    BOOK,
    'the cluster of live remembers no release "9" of orders; it has r2, r1',
  ],
  [
    { kind: 'release' },
    undefined,
    'the cluster of live remembers no release of orders to go back to',
  ],
  [{ kind: 'promote' }, canary(true), 3],
  [
    { kind: 'promote' },
    canary(false),
    'the canary of orders in live was interrupted before its pods were ready: run --canary=10 again, or --abort',
  ],
  [
    { kind: 'promote' },
    withHeader,
    'the canary of orders in live was interrupted before its pods were ready: run --canary=0 --canaryHeader="X-Version: next" again, or --abort',
  ],
  [{ kind: 'abort' }, canary(true), 2],
  [{ kind: 'abort' }, canary(false), 2],
  [{ kind: 'promote' }, BOOK, 'no canary of orders runs in live'],
  [{ kind: 'abort' }, undefined, 'no canary of orders runs in live'],
])('%j', (destination, book, expected) => {
  const found = wantedRelease(destination, book, 'orders', 'live');
  expect(typeof found === 'string' ? found : found.number).toBe(expected);
});

it.each([
  [
    canary(true),
    'orders was not changed (its image changed), because 10 % of its requests go to a canary: deploy it with --promote, or remove it with --abort, then run this again',
  ],
  [
    canary(false),
    'orders was not changed (its image changed), because its canary was interrupted before its pods were ready: run --canary=10 again, or remove it with --abort, then run this again',
  ],
])('a change is refused while a canary runs (%#)', (book, message) => {
  expect(canaryInTheWay('orders', 'its image changed', book.canary!)).toBe(message);
});
