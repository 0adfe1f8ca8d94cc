import { orderCancelled, orderConfirmed, paymentRequested, refundRequested } from '@org/contracts';
import type { PoolClient } from 'pg';
import { nextMove, type OrderEvent, type OrderStatus, type OrderStep } from './order-saga.js';
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

/** An order that cannot be placed. Nothing was written. */
export class OrderError extends Error {
  override readonly name = 'OrderError';
}

export type OrderStore = ReturnType<typeof orderStore>;

const ORDER = 'id, customer_id AS "customerId", email, status, total, reason';

export function orderStore({ database, outbox }: Pick<Resources, 'database' | 'outbox'>) {
  async function place({ customer, lines, card, idempotencyKey }: NewOrder): Promise<Order> {
    return database.transaction(async (client) => {
      const total = await priceOf(client, lines);
      const { rows } = await client.query<Order>(
        `INSERT INTO orders (customer_id, email, status, total, idempotency_key)
         VALUES ($1, $2, 'charging', $3, coalesce($4, gen_random_uuid()::text))
         ON CONFLICT (customer_id, idempotency_key) DO NOTHING RETURNING ${ORDER}`,
        [customer.id, customer.email, total, idempotencyKey ?? null],
      );
      const [order] = rows;
      if (!order) return findByKey(client, customer.id, idempotencyKey!);
      await client.query(
        `INSERT INTO order_lines (order_id, product_id, quantity)
         SELECT $1, line."productId", line.quantity
         FROM jsonb_to_recordset($2) AS line("productId" text, quantity integer)`,
        [order.id, JSON.stringify(lines)],
      );
      const move = nextMove(undefined, { kind: 'placed' })!;
      for (const step of move.steps) await take(client, step, order, card);
      return order;
    });
  }

  /** Moves an order on after an event. The same event a second time changes nothing. */
  async function advance(client: PoolClient, id: string, event: OrderEvent): Promise<void> {
    const { rows } = await client.query<Order>(
      `SELECT ${ORDER} FROM orders WHERE id = $1 FOR UPDATE`,
      [id],
    );
    const [order] = rows;
    const move = order && nextMove(order.status, event);
    if (!move) return;
    const reason = move.steps.find((step) => step.kind === 'announce-cancelled')?.reason;
    await client.query(
      'UPDATE orders SET status = $2, reason = coalesce($3, reason) WHERE id = $1',
      [id, move.status, reason ?? null],
    );
    for (const step of move.steps) await take(client, step, order);
  }

  async function take(client: PoolClient, step: OrderStep, order: Order, card = ''): Promise<void> {
    const { id: orderId, customerId, email, total } = order;
    switch (step.kind) {
      case 'reserve-stock':
        return changeStock(client, orderId, -1);
      case 'release-stock':
        return changeStock(client, orderId, 1);
      case 'request-payment':
        await outbox.publish(client, paymentRequested, {
          orderId,
          customerId,
          amount: total,
          card,
        });
        return;
      case 'request-refund':
        await outbox.publish(client, refundRequested, { orderId, paymentId: step.paymentId });
        return;
      case 'announce-confirmed':
        await outbox.publish(client, orderConfirmed, { orderId, email, total });
        return;
      case 'announce-cancelled':
        await outbox.publish(client, orderCancelled, { orderId, email, reason: step.reason });
        return;
    }
  }

  /** Gives up orders that have waited for their payment for longer than this. @returns how many. */
  async function giveUp(olderThanMs: number): Promise<number> {
    return database.transaction(async (client) => {
      const { rows } = await client.query<{ id: string }>(
        `SELECT id FROM orders
         WHERE status = 'charging' AND created_at < now() - $1 * interval '1 millisecond'
         ORDER BY created_at LIMIT 100 FOR UPDATE SKIP LOCKED`,
        [olderThanMs],
      );
      for (const { id } of rows) await advance(client, id, { kind: 'timed-out' });
      return rows.length;
    });
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

  return { place, advance, giveUp, list, find };
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

/** Locks rows in the order of their keys, so that two orders never wait for each other. */
async function changeStock(client: PoolClient, orderId: string, sign: 1 | -1): Promise<void> {
  const { rows: lines } = await client.query<OrderLine>(
    'SELECT product_id AS "productId", quantity FROM order_lines WHERE order_id = $1 ORDER BY 1',
    [orderId],
  );
  for (const { productId, quantity } of lines) {
    const { rowCount } = await client.query(
      'UPDATE products SET stock = stock + $2 WHERE id = $1 AND stock + $2 >= 0',
      [productId, sign * quantity],
    );
    if (rowCount === 0) throw new OrderError(`there are fewer than ${quantity} of "${productId}"`);
  }
}

async function findByKey(client: PoolClient, customerId: string, key: string): Promise<Order> {
  const { rows } = await client.query<Order>(
    `SELECT ${ORDER} FROM orders WHERE customer_id = $1 AND idempotency_key = $2`,
    [customerId, key],
  );
  return rows[0]!;
}
