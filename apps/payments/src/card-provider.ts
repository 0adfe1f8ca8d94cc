/** A charge with an answer of the provider. If the provider does not answer, the call throws. */
export type ChargeAnswer = { kind: 'charged' } | { kind: 'declined'; reason: string };

export interface ChargeRequest {
  card: string;
  /** Cents. */
  amount: number;
  /** The attempt, counted from 1. */
  attempt: number;
}

const LIMIT = 1_000_000;

/** Replaces the provider of a card: its answer depends on the card alone. */
export function chargeCard({ card, amount, attempt }: ChargeRequest): ChargeAnswer {
  if (card === 'card_flaky' && attempt === 1) throw new Error('the card provider did not answer');
  if (card === 'card_declined') return { kind: 'declined', reason: 'the card was declined' };
  if (amount > LIMIT) return { kind: 'declined', reason: 'the amount is over the limit' };
  return { kind: 'charged' };
}
