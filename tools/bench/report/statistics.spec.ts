import { describe, expect, it } from 'vitest';
import { best, median, ratio } from './statistics.js';

describe('statistics', () => {
  it.each([
    [[3, 1, 2], 2],
    [[4, 1, 3, 2], 2.5],
    [[7], 7],
    [[], NaN],
  ])('the median of %j', (values, middle) => {
    expect(median(values)).toBe(middle);
  });

  it('compares medians, and shows the range of the rounds', () => {
    expect(ratio([1, 2, 3], [4, 4, 4])).toEqual({ value: 0.5, min: 0.25, max: 0.75 });
  });

  it('finds the best series by its median', () => {
    expect(best({ a: [5, 5, 5], b: [1, 6, 6], c: [] })).toBe('a');
    expect(best({})).toBeUndefined();
  });
});
