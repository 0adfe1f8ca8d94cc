import { describe, expect, it } from 'vitest';
import { within } from './deadline.js';

describe('within', () => {
  const late = () => new Error('too late');

  it('settles like the work, and leaves no timer', async () => {
    const before = process.getActiveResourcesInfo().filter((one) => one === 'Timeout').length;
    await expect(within(60_000, () => Promise.resolve('done'), late)).resolves.toBe('done');
    await expect(within(60_000, () => Promise.reject(new Error('broken')), late)).rejects.toThrow(
      'broken',
    );
    const timers = process.getActiveResourcesInfo().filter((one) => one === 'Timeout').length;
    expect(timers).toBe(before);
  });

  it('rejects if the work takes longer, which the work can ask for', async () => {
    let ask: () => boolean = () => false;
    const work = (isLate: () => boolean) => {
      ask = isLate;
      return new Promise(() => undefined);
    };
    const waiting = within(20, work, late);
    expect(ask()).toBe(false);
    await expect(waiting).rejects.toThrow('too late');
    expect(ask()).toBe(true);
  });
});
