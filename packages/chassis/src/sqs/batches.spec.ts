import { expect, it } from 'vitest';
import { Batches, type Failures } from './batches.js';

/** Calls that end when the test says so. */
function calls() {
  const made: { entries: readonly number[]; end: (failures?: Failures | Error) => void }[] = [];
  const batches = new Batches<number>(
    (entries) =>
      new Promise((resolve, reject) =>
        made.push({
          entries,
          end: (result = new Map()) => (result instanceof Error ? reject(result) : resolve(result)),
        }),
      ),
  );
  return { batches, made };
}

it('makes one call of what comes in the same turn, of at most 10', async () => {
  const { batches, made } = calls();
  const all = Promise.all(Array.from({ length: 12 }, (_, n) => batches.add(n)));
  await expect.poll(() => made.length).toBe(1);
  expect(made[0]!.entries).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  made[0]!.end();
  await expect.poll(() => made.length).toBe(2);
  expect(made[1]!.entries).toEqual([10, 11]);
  made[1]!.end();
  await all;
});

it('makes one call of what comes while another one is under way', async () => {
  const { batches, made } = calls();
  const first = batches.add(1);
  await expect.poll(() => made.length).toBe(1);
  const later = [batches.add(2), batches.add(3)];
  made[0]!.end();
  await first;
  await expect.poll(() => made.length).toBe(2);
  expect(made[1]!.entries).toEqual([2, 3]);
  made[1]!.end();
  await Promise.all(later);
  const next = batches.add(4);
  await expect.poll(() => made.length).toBe(3);
  made[2]!.end();
  await next;
});

it('fails only what failed', async () => {
  const { batches, made } = calls();
  const results = Promise.allSettled([batches.add(1), batches.add(2)]);
  await expect.poll(() => made.length).toBe(1);
  made[0]!.end(new Map([[1, new Error('too late')]]));
  expect(await results).toMatchObject([
    { status: 'fulfilled' },
    { status: 'rejected', reason: { message: 'too late' } },
  ]);
});

it('fails all if the call fails, and then goes on', async () => {
  const { batches, made } = calls();
  const failed = Promise.allSettled([batches.add(1), batches.add(2)]);
  await expect.poll(() => made.length).toBe(1);
  made[0]!.end(new Error('no answer'));
  expect((await failed).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  const next = batches.add(3);
  await expect.poll(() => made.length).toBe(2);
  made[1]!.end();
  await next;
});
