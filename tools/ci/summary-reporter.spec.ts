import { expect, test } from 'vitest';
import { formatCounts } from './summary-reporter.js';

test.each([
  [{ passed: 212, failed: 0, skipped: 0 }, '212 passed, 0 failed'],
  [{ passed: 1, failed: 2, skipped: 3 }, '1 passed, 2 failed, 3 skipped'],
])('%j', (counts, line) => {
  expect(formatCounts(counts)).toBe(line);
});
