import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { measureLanes } from './lanes.js';

it('keeps each lane busy with one piece at a time, and counts none of the warm-up', async () => {
  let [done, open, most] = [0, 0, 0];
  const reading = await measureLanes({ lanes: 3, count: 10, warmUp: 5 }, async () => {
    most = Math.max(most, ++open);
    await nextTurn();
    open--;
    return ++done;
  });
  expect([done, open, most]).toEqual([15, 0, 3]);
  // The pieces 6 to 15 were measured.
  expect(reading).toMatchObject({ middle: 11, slowest: 15 });
  expect(reading.rate).toBeGreaterThan(0);
  expect(reading.work).toBeGreaterThan(0);
});

it('fails if a piece fails', async () => {
  const failing = () => Promise.reject(new Error('no answer'));
  await expect(measureLanes({ lanes: 2, count: 1, warmUp: 0 }, failing)).rejects.toThrow(
    'no answer',
  );
});
