import { expect, it } from 'vitest';
import { endOfTurn } from './end-of-turn.js';

it('lets all who wait continue before the client sends what the first of them wrote', async () => {
  const happened: string[] = [];
  const write = async (text: string): Promise<void> => {
    await endOfTurn();
    happened.push(text);
    // As the client does.
    queueMicrotask(() => happened.push('sent'));
  };
  await Promise.all([write('one'), write('two'), write('three')]);
  expect(happened).toEqual(['one', 'two', 'three', 'sent', 'sent', 'sent']);
});

it('is another one in the next turn', async () => {
  const first = endOfTurn();
  expect(endOfTurn()).toBe(first);
  await first;
  expect(endOfTurn()).not.toBe(first);
});
