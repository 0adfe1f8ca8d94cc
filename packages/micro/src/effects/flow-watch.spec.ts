import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { systemClock } from './clock';
import { watchFlow } from './flow-watch';

beforeEach(() => void vi.useFakeTimers({ now: Date.UTC(2026, 10, 21, 12, 0, 0) }));
afterEach(() => vi.useRealTimers());

const WORDS = {
  progress: (bytes: number) => `${bytes}`,
  waiting: (bytes: number, since: string) => `${bytes} since ${since}`,
};

/** What is said and shown while bytes go by in these seconds. */
async function told(bytesAt: Record<number, number>, seconds: number) {
  const said: string[] = [];
  const shown: string[] = [];
  const listener = {
    clock: { ...systemClock, now: () => Date.now() },
    say: (line: string) => said.push(line),
    show: (line: string) => shown.push(line),
  };
  await watchFlow(listener, WORDS, async (onBytes) => {
    for (let second = 0; second < seconds; second++) {
      const count = bytesAt[second];
      if (count !== undefined) onBytes(count);
      await vi.advanceTimersByTimeAsync(1000);
    }
  });
  await vi.advanceTimersByTimeAsync(100_000);
  return { said, shown };
}

it('says since when nothing came, and again after a minute', async () => {
  expect((await told({}, 75)).said).toEqual(['0 since 12:00:00 UTC', '0 since 12:00:00 UTC']);
  expect((await told({ 2: 5 }, 9)).said).toEqual([]);
});

it('says it of each pause', async () => {
  const { said } = await told({ 3: 5, 20: 7 }, 40);
  expect(said.map((line) => line.slice(0, 2))).toEqual(['5 ', '12']);
});

it('shows how much came, only while something comes', async () => {
  const { shown } = await told({ 1: 5, 2: 7 }, 60);
  expect(shown.slice(0, 2)).toEqual(['5', '12']);
  expect(shown.length).toBeLessThan(14);
});
