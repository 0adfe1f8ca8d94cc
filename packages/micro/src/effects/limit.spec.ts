import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { limit } from './limit';

it('runs no more than it may, and all of it', async () => {
  const inTurn = limit(2);
  let running = 0;
  let most = 0;
  const work = (value: number) =>
    inTurn(async () => {
      running++;
      most = Math.max(most, running);
      await sleep(1);
      running--;
      if (value === 2) throw new Error('two');
      return value;
    });
  const results = await Promise.allSettled([0, 1, 2, 3, 4].map(work));
  expect(
    results.map((result) => (result.status === 'fulfilled' ? result.value : 'failed')),
  ).toEqual([0, 1, 'failed', 3, 4]);
  expect(most).toBe(2);
});
