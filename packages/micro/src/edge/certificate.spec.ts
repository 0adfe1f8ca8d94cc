import { describe, expect, it } from 'vitest';
import { formatValidity, judgeValidity } from './certificate';

const NOW = new Date('2026-11-27T12:00:00Z');
const inDays = (days: number) => new Date(NOW.getTime() + days * 86_400_000);
const validity = (from: number, to: number) => ({ from: inDays(from), to: inDays(to) });

describe('the time that a certificate has left', () => {
  it.each([
    // Ninety days, as Let's Encrypt gives them: Caddy renews with 30 days left.
    ['auto', validity(-61, 29), 'ok', '29 days left'],
    ['auto', validity(-76, 14), 'warn', '14 days left'],
    ['auto', validity(-90, -0.5), 'fail', 'expired since 2026-11-27'],
    // Twelve hours, as Caddy's internal CA gives them.
    ['internal', validity(-0.25, 0.25), 'ok', '6 hours left'],
    ['internal', validity(-0.45, 0.05), 'warn', '1 hours left'],
    ['own', validity(-300, 15), 'ok', '15 days left'],
    ['own', validity(-300, 13), 'warn', '13 days left'],
    ['own', validity(1, 300), 'fail', 'not valid before 2026-11-28'],
  ] as const)('%s, %j: %s', (kind, given, level, says) => {
    expect(judgeValidity(given, kind, NOW)).toBe(level);
    expect(formatValidity(given, NOW)).toBe(says);
  });
});
