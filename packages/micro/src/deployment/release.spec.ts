import { describe, expect, it } from 'vitest';
import { runningContainer } from '../testing/running-container';
import { containerOf, knownRelease } from '../testing/known-release';
import {
  currentRelease,
  findRelease,
  isSameRelease,
  markName,
  nextNumber,
  previousRelease,
  releaseName,
  releaseOf,
  type Release,
} from './release';

const DIGEST = `sha256:${'d'.repeat(64)}`;

it('has a name, and a mark while it is rolled out', () => {
  expect(releaseName('acme-production', knownRelease(7))).toBe('acme-production.orders.r7');
  expect(markName('acme-production', knownRelease(7), false)).toBe(
    'acme-production.orders.r7.open',
  );
  expect(markName('acme-production', knownRelease(7), true)).toBe(
    'acme-production.orders.r7.again',
  );
});

it('numbers go on from the highest', () => {
  expect(nextNumber([])).toBe(1);
  expect(nextNumber([knownRelease(7), knownRelease(3)])).toBe(8);
});

describe('the release that serves', () => {
  it('is found by the labels of its containers', () => {
    const known = [knownRelease(2), knownRelease(1)];
    expect(currentRelease([containerOf(known[1]!)], known)).toBe(known[1]);
    expect(currentRelease([containerOf(known[1]!, { state: 'exited' })], known)).toBe(known[1]);
    expect(currentRelease([], known)).toBeUndefined();
  });

  it('is not the one that just failed if both are found', () => {
    const known = [knownRelease(2, { open: true }), knownRelease(1)];
    expect(
      currentRelease(
        known.map((of) => containerOf(of)),
        known,
      ),
    ).toBe(known[1]);
  });
});

it.each([
  ['other values of secrets', 'env=1 secret-values=a', 'env=1 secret-values=b', '', '', true],
  ['another entry', 'env=1 secret-values=a', 'env=2 secret-values=a', '', '', false],
  ['a rotated password', 'env=1', 'env=2', 't=1', 't=1', true],
  ['another reference with the same value', 'env=1', 'env=1', 't=1', 't=2', false],
])('with %s it is the same release: %#', (_, one, other, before, after, same) => {
  const a = knownRelease(1, { entryLabel: one, template: before });
  expect(isSameRelease(a, { ...a, entryLabel: other, template: after })).toBe(same);
});

it('is found by the number that its containers have, though a password was rotated since', () => {
  const known = [
    knownRelease(2, { key: knownRelease(1).key, template: 'b' }),
    knownRelease(1, { template: 'a' }),
  ];
  const labels = {
    'org.micro.image-key': knownRelease(1).key,
    'org.micro.entry': 'env=9',
    'org.micro.release.number': '1',
  };
  expect(releaseOf(runningContainer({ labels }), known)?.number).toBe(1);
  const another = { ...labels, 'org.micro.image-key': 'x' };
  expect(releaseOf(runningContainer({ labels: another }), known)).toBeUndefined();
});

describe('a rollback', () => {
  const known = [
    knownRelease(4, { open: true }),
    knownRelease(3),
    knownRelease(2),
    knownRelease(1),
  ];

  it.each<[string, Release | undefined, number | undefined]>([
    ['to the one before', known[1], 2],
    ['further back', known[2], 1],
    ['nowhere from the first', known[3], undefined],
    ['to the newest where nothing serves', undefined, 3],
  ])('goes %s', (_, current, expected) => {
    expect(previousRelease(current, known)?.number).toBe(expected);
  });

  const pinned = knownRelease(9, { image: `registry.example.com/acme/orders:k-9@${DIGEST}` });
  it.each<[string, number | undefined]>([
    ['2', 2],
    ['r2', 2],
    ['4', undefined],
    ['33333333', 3],
    ['k-333333333333', 3],
    [DIGEST, 9],
    [`registry.example.com/acme/orders@${DIGEST}`, 9],
    ['sha256:dddddddddd', 9],
    ['sha256:', undefined],
    ['latest', undefined],
  ])('finds %s', (to, expected) => {
    expect(findRelease(to, [pinned, ...known])?.number).toBe(expected);
  });
});
