import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { oneAtATime } from './one-at-a-time.js';

it.runIf(process.platform === 'linux')(
  'starts the next one when the one before has ended',
  async () => {
    const name = randomUUID();
    const said: string[] = [];
    const work = (text: string, fails = false) =>
      oneAtATime(name, async () => {
        said.push(`${text} begins`);
        await sleep(50);
        said.push(`${text} ends`);
        if (fails) throw new Error(text);
        return text;
      });
    const one = work('one', true);
    const two = work('two');
    await expect(one).rejects.toThrow('one');
    expect(await two).toBe('two');
    expect(said).toEqual(['one begins', 'one ends', 'two begins', 'two ends']);
  },
);
