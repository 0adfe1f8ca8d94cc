import { expect, it } from 'vitest';
import { openMeeting, type Guest } from './meeting';

it('is held once, when each task joined or passed, and answers each guest alone', async () => {
  const held: string[][] = [];
  const hold = (guests: readonly Guest<{ name: string }, number>[]) => {
    held.push(guests.map(({ name }) => name));
    for (const { name, resolve, reject } of guests) {
      if (name === 'broken') reject(new Error('no'));
      else resolve(name.length);
    }
  };
  const meeting = openMeeting(3, hold);
  const orders = meeting.join({ name: 'orders' });
  meeting.pass();
  expect(held).toEqual([]);
  const broken = meeting.join({ name: 'broken' });
  await expect(broken).rejects.toThrow('no');
  expect(await orders).toBe(6);
  expect(held).toEqual([['orders', 'broken']]);
});

it('is held without guests if all pass', () => {
  let guests = -1;
  openMeeting<object, void>(1, (all) => (guests = all.length)).pass();
  expect(guests).toBe(0);
});
