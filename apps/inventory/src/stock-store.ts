import { HttpError } from '@org/chassis';
import type { PoolClient } from 'pg';
import type { Resources } from './resources.js';

export interface Line {
  productId: string;
  quantity: number;
}

export type StockStore = ReturnType<typeof stockStore>;

/** Rolls the transaction back. */
class TooFewError extends Error {
  constructor(readonly productIds: string[]) {
    super();
  }
}

export function stockStore({ database }: Pick<Resources, 'database'>) {
  /** @returns the products of which there are too few; then nothing was reserved. */
  async function reserve(orderId: string, lines: readonly Line[]): Promise<string[]> {
    try {
      await database.transaction(async (client) => {
        const { rowCount } = await client.query(
          'INSERT INTO reservations (order_id, lines) VALUES ($1, $2) ON CONFLICT DO NOTHING',
          [orderId, JSON.stringify(lines)],
        );
        if (rowCount === 0) return refuseIfReleased(client, orderId);
        const missing = await changeStock(client, lines, -1);
        if (missing.length > 0) throw new TooFewError(missing);
      });
      return [];
    } catch (error) {
      if (error instanceof TooFewError) return error.productIds;
      throw error;
    }
  }

  /** An order that holds nothing is released as well, so that a late reservation finds this out. */
  async function release(orderId: string): Promise<void> {
    await database.transaction(async (client) => {
      const { rows } = await client.query<{ lines: Line[] }>(
        `INSERT INTO reservations (order_id, lines, released) VALUES ($1, '[]', true)
         ON CONFLICT (order_id) DO UPDATE SET released = true WHERE NOT reservations.released
         RETURNING lines`,
        [orderId],
      );
      if (rows[0]) await changeStock(client, rows[0].lines, 1);
    });
  }

  async function available(productId: string): Promise<number> {
    const { rows } = await database.query<{ available: number }>(
      'SELECT available FROM stock WHERE product_id = $1',
      [productId],
    );
    return rows[0]?.available ?? 0;
  }

  async function inStock(): Promise<{ id: string; available: number }[]> {
    const { rows } = await database.query<{ id: string; available: number }>(
      'SELECT product_id AS id, available FROM stock WHERE available > 0 ORDER BY 1 LIMIT 100',
    );
    return rows;
  }

  return { reserve, release, available, inStock };
}

async function refuseIfReleased(client: PoolClient, orderId: string): Promise<void> {
  const { rows } = await client.query<{ released: boolean }>(
    'SELECT released FROM reservations WHERE order_id = $1',
    [orderId],
  );
  if (rows[0]?.released) throw new HttpError(412, `order ${orderId} was released`);
}

/**
 * Locks rows in the order of their keys, so that two orders never wait for each other.
 *
 * @returns the products of which there are too few.
 */
async function changeStock(
  client: PoolClient,
  lines: readonly Line[],
  sign: 1 | -1,
): Promise<string[]> {
  const missing: string[] = [];
  for (const { productId, quantity } of [...lines].sort(byProduct)) {
    const { rowCount } = await client.query(
      'UPDATE stock SET available = available + $2 WHERE product_id = $1 AND available + $2 >= 0',
      [productId, sign * quantity],
    );
    if (rowCount === 0) missing.push(productId);
  }
  return missing;
}

function byProduct(a: Line, b: Line): number {
  return a.productId < b.productId ? -1 : 1;
}
