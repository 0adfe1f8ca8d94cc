/** A charge that the provider answered; where it does not answer, the call throws. */
export type ChargeAnswer = { kind: 'charged' } | { kind: 'declined'; reason: string };

export interface ChargeRequest {
  card: string;
  /** Cents. */
  amount: number;
  /** Which try this is, from 1. */
  attempt: number;
}

const LIMIT = 1_000_000;

/** Stands for the provider of a card: what it answers depends on the card alone. */
export function chargeCard({ card, amount, attempt }: ChargeRequest): ChargeAnswer {
  if (card === 'card_flaky' && attempt === 1) throw new Error('the card provider did not answer');
  if (card === 'card_declined') return { kind: 'declined', reason: 'the card was declined' };
  if (amount > LIMIT) return { kind: 'declined', reason: 'the amount is over the limit' };
  return { kind: 'charged' };
}
