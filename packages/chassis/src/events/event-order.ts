import { createHash } from 'node:crypto';

/** A header with the hash of the key by which an event is handled in order: 8 hexadecimal digits. */
export const ORDER = 'x-order';

const HASH = /^[0-9a-f]{8}$/;

/**
 * Into how many places the events of one name are divided by their keys. Each is handled one event at a time. Publishers
 * and consumers must agree, so this never changes.
 */
const PARTITION_COUNT = 8;

export const PARTITIONS: readonly number[] = Array.from({ length: PARTITION_COUNT }, (_, n) => n);

export function orderHash(key: string | number): string {
  return createHash('sha256').update(String(key)).digest('hex').slice(0, 8);
}

/** Undefined for an event without an order. */
export function partitionOf(headers: Readonly<Record<string, string>>): number | undefined {
  const hash = headers[ORDER];
  return hash !== undefined && HASH.test(hash) ? parseInt(hash, 16) % PARTITION_COUNT : undefined;
}
