import { expect, it, test } from 'vitest';
import type { LiveObject } from './live-object';
import {
  bookObject,
  currentOf,
  nextRelease,
  parseBook,
  releaseAt,
  releaseBefore,
  withCurrent,
  type ClusterRelease,
} from './release-book';

const release = (number: number): ClusterRelease => ({
  ...{ number, key: `abcdef0${number}`, image: `reg/orders@sha256:${`${number}`.repeat(64)}` },
  ...{ since: '2026-11-27T12:00:00Z', hash: `h${number}`, objects: [], jobs: [] },
  secret: { variables: [], files: ['KEY'] },
});
const book = [1, 2, 3].reduce(
  (sum, number) => withCurrent(sum, release(number), 10),
  undefined as ReturnType<typeof withCurrent> | undefined,
)!;

it('is read as it was written', () => {
  const scope = { platform: 'acme', environment: 'production', namespace: 'acme' };
  const object = bookObject(scope, 'orders', book);
  expect(object.metadata.name).toBe('orders-releases');
  expect(parseBook(object as LiveObject)).toEqual({ version: 1, ...book });
});

it('is nothing if it is of another version, or nobody can read it', () => {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'orders-releases' } };
  expect(parseBook(object)).toBeUndefined();
  expect(parseBook({ ...object, binaryData: { releases: 'AAAA' } })).toBeUndefined();
});

it('knows which release serves after a rollback, and goes further back from there', () => {
  const back = withCurrent(book, release(2), 10);
  expect(currentOf(back)?.number).toBe(2);
  expect(releaseBefore(back)?.number).toBe(1);
  expect(nextRelease(back)).toBe(4);
});

it('keeps so many releases, and always the one that serves', () => {
  expect(withCurrent(book, release(4), 2).releases.map(({ number }) => number)).toEqual([4, 3]);
  expect(withCurrent(book, release(1), 2).releases.map(({ number }) => number)).toEqual([3, 2, 1]);
});

test.each([
  ['2', 2],
  ['r2', 2],
  [`sha256:${'3'.repeat(20)}`, 3],
  ['k-abcdef01', 1],
  ['9', undefined],
  ['sha256:3', undefined],
])('--to=%s', (to, number) => {
  expect(releaseAt(book, to)?.number).toBe(number);
});
