import { expect, it } from 'vitest';
import { openBarrier, type Joined } from './batch-barrier';

it('runs once, after each task joined or passed, and answers each task alone', async () => {
  const held: string[][] = [];
  const run = (joined: readonly Joined<{ name: string }, number>[]) => {
    held.push(joined.map(({ name }) => name));
    for (const { name, resolve, reject } of joined) {
      if (name === 'broken') reject(new Error('no'));
      else resolve(name.length);
    }
  };
  const barrier = openBarrier(3, run);
  const orders = barrier.join({ name: 'orders' });
  barrier.pass();
  expect(held).toEqual([]);
  const broken = barrier.join({ name: 'broken' });
  await expect(broken).rejects.toThrow('no');
  expect(await orders).toBe(6);
  expect(held).toEqual([['orders', 'broken']]);
});

it('runs with an empty list if all drop out', () => {
  let joined = -1;
  openBarrier<object, void>(1, (all) => (joined = all.length)).pass();
  expect(joined).toBe(0);
});
