import { RejectEventError } from '@org/chassis/events';
import { paymentFailed, paymentSucceeded } from '@org/contracts';
import type { PoolClient } from 'pg';
import { chargeCard } from './card-provider.js';
import type { Resources } from './resources.js';

export interface PaymentRequest {
  orderId: string;
  /** Cents. */
  amount: number;
  card: string;
}

/** The charges, and the events about them, written together. */
export function chargeStore({ outbox }: Pick<Resources, 'outbox'>) {
  /** @param attempt counted from 1. */
  async function charge(
    client: PoolClient,
    { orderId, amount, card }: PaymentRequest,
    attempt: number,
  ): Promise<void> {
    const answer = chargeCard({ card, amount, attempt });
    const reason = answer.kind === 'declined' ? answer.reason : null;
    const { rows } = await client.query<{ paymentId: string }>(
      `INSERT INTO charges (order_id, amount, status, reason) VALUES ($1, $2, $3, $4)
       ON CONFLICT (order_id) DO NOTHING RETURNING payment_id AS "paymentId"`,
      [orderId, amount, answer.kind, reason],
    );
    const [made] = rows;
    if (!made) return;
    if (reason === null) {
      await outbox.publish(client, paymentSucceeded, { orderId, amount, ...made });
    } else {
      await outbox.publish(client, paymentFailed, { orderId, reason });
    }
  }

  /** @throws {RejectEventError} if nothing of that order was charged: a retry would not help. */
  async function refund(client: PoolClient, orderId: string, paymentId: string): Promise<void> {
    const { rowCount } = await client.query(
      `UPDATE charges SET status = 'refunded'
       WHERE order_id = $1 AND payment_id = $2 AND status <> 'declined'`,
      [orderId, paymentId],
    );
    if (rowCount === 0) throw new RejectEventError(`there is no payment ${paymentId} to refund`);
  }

  return { charge, refund };
}
