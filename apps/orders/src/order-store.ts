import { orderCancelled, orderConfirmed, paymentRequested, refundRequested } from '@org/contracts';
import type { PoolClient } from 'pg';
import {
  FIRST_STATUS,
  nextMove,
  type OrderEvent,
  type OrderStatus,
  type OrderStep,
} from './order-saga.js';
import type { Resources } from './resources.js';

export interface Order {
  id: string;
  customerId: string;
  email: string;
  status: OrderStatus;
  /** Cents. */
  total: number;
  reason: string | null;
}

export interface OrderLine {
  productId: string;
  quantity: number;
}

export interface NewOrder {
  customer: { id: string; email: string };
  lines: readonly OrderLine[];
  card: string;
  /** The same key gives the same order. */
  idempotencyKey?: string;
}

/** An order that cannot be had. It is not there under its idempotency key. */
export class OrderError extends Error {
  override readonly name = 'OrderError';
}

export interface Deadlines {
  reservationMs: number;
  paymentMs: number;
}

export type OrderStore = ReturnType<typeof orderStore>;

const ORDER = 'id, customer_id AS "customerId", email, status, total, reason';

export function orderStore({ database, outbox }: Pick<Resources, 'database' | 'outbox'>) {
  /** Writes an order down. @returns the one that is there already if the idempotency key is known. */
  async function create({
    customer,
    lines,
    idempotencyKey,
  }: NewOrder): Promise<{ order: Order; isNew: boolean }> {
    return database.transaction(async (client) => {
      const total = await priceOf(client, lines);
      const { rows } = await client.query<Order>(
        `INSERT INTO orders (customer_id, email, status, total, idempotency_key)
         VALUES ($1, $2, $3, $4, coalesce($5, gen_random_uuid()::text))
         ON CONFLICT (customer_id, idempotency_key) DO NOTHING RETURNING ${ORDER}`,
        [customer.id, customer.email, FIRST_STATUS, total, idempotencyKey ?? null],
      );
      const [order] = rows;
      if (!order) {
        return { order: await findByKey(client, customer.id, idempotencyKey!), isNew: false };
      }
      await client.query(
        `INSERT INTO order_lines (order_id, product_id, quantity)
         SELECT $1, line."productId", line.quantity
         FROM jsonb_to_recordset($2) AS line("productId" text, quantity integer)`,
        [order.id, JSON.stringify(lines)],
      );
      return { order, isNew: true };
    });
  }

  /** Moves an order on after an event. The same event a second time changes nothing. */
  async function advance(
    client: PoolClient,
    id: string,
    event: OrderEvent,
  ): Promise<Order | undefined> {
    const { rows } = await client.query<Order>(
      `SELECT ${ORDER} FROM orders WHERE id = $1 FOR UPDATE`,
      [id],
    );
    const [order] = rows;
    const move = order && nextMove(order.status, event);
    if (!move) return order;
    const moved = { ...order, status: move.status, reason: move.reason ?? order.reason };
    await client.query(
      `UPDATE orders SET status = $2, reason = $3,
         idempotency_key = CASE WHEN $4 THEN gen_random_uuid()::text ELSE idempotency_key END
       WHERE id = $1`,
      [id, moved.status, moved.reason, move.freesKey ?? false],
    );
    for (const step of move.steps) await take(client, step, moved);
    return moved;
  }

  /** The same in a transaction of its own. */
  async function move(id: string, event: OrderEvent): Promise<Order> {
    const moved = await database.transaction((client) => advance(client, id, event));
    if (!moved) throw new Error(`there is no order ${id}`);
    return moved;
  }

  async function take(client: PoolClient, step: OrderStep, order: Order): Promise<void> {
    const { id: orderId, customerId, email, total, reason } = order;
    switch (step.kind) {
      case 'request-payment':
        await outbox.publish(client, paymentRequested, {
          orderId,
          customerId,
          amount: total,
          card: step.card,
        });
        return;
      case 'request-refund':
        await outbox.publish(client, refundRequested, { orderId, paymentId: step.paymentId });
        return;
      case 'announce-confirmed':
        await outbox.publish(client, orderConfirmed, { orderId, email, total });
        return;
      case 'announce-cancelled':
        await outbox.publish(client, orderCancelled, { orderId, email, reason: reason ?? '' });
        return;
    }
  }

  /** Gives up orders that have waited for longer than this. @returns how many. */
  async function giveUp({ reservationMs, paymentMs }: Deadlines): Promise<number> {
    return database.transaction(async (client) => {
      const { rows } = await client.query<{ id: string }>(
        `SELECT id FROM orders
         WHERE (status = 'charging' AND created_at < now() - $1 * interval '1 millisecond')
            OR (status = 'reserving' AND created_at < now() - $2 * interval '1 millisecond')
         ORDER BY created_at LIMIT 100 FOR UPDATE SKIP LOCKED`,
        [paymentMs, reservationMs],
      );
      for (const { id } of rows) await advance(client, id, { kind: 'timed-out' });
      return rows.length;
    });
  }

  /** The ids of orders whose stock is to be released, the oldest first. */
  async function cancelling(): Promise<string[]> {
    const { rows } = await database.query<{ id: string }>(
      "SELECT id FROM orders WHERE status = 'cancelling' ORDER BY created_at LIMIT 100",
    );
    return rows.map(({ id }) => id);
  }

  async function list(customerId: string): Promise<Order[]> {
    const { rows } = await database.query<Order>(
      `SELECT ${ORDER} FROM orders WHERE customer_id = $1 ORDER BY created_at DESC LIMIT 100`,
      [customerId],
    );
    return rows;
  }

  async function find(customerId: string, id: string): Promise<Order | undefined> {
    const { rows } = await database.query<Order>(
      `SELECT ${ORDER} FROM orders WHERE customer_id = $1 AND id = $2`,
      [customerId, id],
    );
    return rows[0];
  }

  return { create, advance, move, giveUp, cancelling, list, find };
}

async function priceOf(client: PoolClient, lines: readonly OrderLine[]): Promise<number> {
  const { rows } = await client.query<{ id: string; price: number }>(
    'SELECT id, price FROM products WHERE id = ANY ($1)',
    [lines.map(({ productId }) => productId)],
  );
  const prices = new Map(rows.map(({ id, price }) => [id, price]));
  return lines.reduce((total, { productId, quantity }) => {
    const price = prices.get(productId);
    if (price === undefined) throw new OrderError(`there is no product "${productId}"`);
    return total + price * quantity;
  }, 0);
}

async function findByKey(client: PoolClient, customerId: string, key: string): Promise<Order> {
  const { rows } = await client.query<Order>(
    `SELECT ${ORDER} FROM orders WHERE customer_id = $1 AND idempotency_key = $2`,
    [customerId, key],
  );
  return rows[0]!;
}
