import { expect, it } from 'vitest';
import { chargeCard } from './card-provider.js';

it.each([
  ['card_ok', 100, 'charged'],
  ['card_declined', 100, 'declined'],
  ['card_ok', 1_000_001, 'declined'],
])('%s for %d cents is %s', (card, amount, kind) => {
  expect(chargeCard({ card, amount, attempt: 1 }).kind).toBe(kind);
});

it('does not always answer at once', () => {
  const charge = (attempt: number) => chargeCard({ card: 'card_flaky', amount: 100, attempt });
  expect(() => charge(1)).toThrow('did not answer');
  expect(charge(2)).toEqual({ kind: 'charged' });
});
