import { expect, it } from 'vitest';
import { knownRelease } from '../testing/known-release';
import { stillOpen, surplusReleases } from './release-retention';

it('removes duplicates, failed attempts, and the oldest', () => {
  const double = knownRelease(3, { key: knownRelease(7).key });
  const known = [
    knownRelease(7),
    knownRelease(6, { open: true }),
    knownRelease(5, { open: true, again: true }),
    knownRelease(4),
    double,
    knownRelease(2),
  ];
  expect(surplusReleases(known[0]!, known, 3).map(({ number }) => number)).toEqual([6, 3, 2]);
});

it('stillOpen: a release that a failed rollback reopened is closed again, so that the next one finds it', () => {
  const reopened = knownRelease(1, { open: true, again: true });
  const left = knownRelease(3, { open: true });
  expect(stillOpen(reopened, [left, knownRelease(2), knownRelease(1)])).toEqual([reopened, left]);
  expect(
    stillOpen(knownRelease(4, { open: true }), [knownRelease(3)]).map(({ number }) => number),
  ).toEqual([4]);
});
