import type { Resources } from './resources.js';

export interface Product {
  id: string;
  name: string;
  /** Cents. */
  price: number;
}

const KEY = 'orders:products';
const SECONDS = 10;

/** From the cache for some seconds; without a cache, from the database. */
export async function listProducts({
  database,
  cache,
}: Pick<Resources, 'database' | 'cache'>): Promise<Product[]> {
  const known = await cache.client.get(KEY).catch(() => null);
  if (known !== null) return JSON.parse(known) as Product[];
  const { rows } = await database.query<Product>(
    'SELECT id, name, price FROM products ORDER BY id',
  );
  await cache.client.set(KEY, JSON.stringify(rows), 'EX', SECONDS).catch(() => undefined);
  return rows;
}
