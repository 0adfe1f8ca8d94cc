import { expect, it } from 'vitest';
import { parseRetryAfter } from './call-outcome.js';

const NOW = Date.parse('2026-01-01T00:00:00Z');

it.each([
  [null, undefined],
  ['', undefined],
  ['soon', undefined],
  ['0', 0],
  ['3', 3000],
  ['Thu, 01 Jan 2026 00:00:05 GMT', 5000],
  ['Wed, 31 Dec 2025 23:59:00 GMT', 0],
])('reads Retry-After %j as %j ms', (value, ms) => {
  expect(parseRetryAfter(value, NOW)).toBe(ms);
});
