import { setTimeout as sleep } from 'node:timers/promises';
import type { Customer } from './customer.js';

export interface LoadReport {
  /** Ids of the accepted orders. */
  accepted: string[];
  /** The errors of the other orders. */
  refused: string[];
}

/** Places a limited number of orders, one after another. Never rejects. */
export async function placeOrders(
  customer: Customer,
  count: number,
  pauseMs: number,
): Promise<LoadReport> {
  const report: LoadReport = { accepted: [], refused: [] };
  for (let index = 0; index < count; index++) {
    await customer.placeOrder().then(
      ({ id }) => report.accepted.push(id),
      (error: unknown) => report.refused.push((error as Error).message),
    );
    await sleep(pauseMs);
  }
  return report;
}
