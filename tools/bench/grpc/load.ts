import type { Order, Stock } from './stock.js';
import { isAnswerTo } from './stock.js';
import { measureLanes } from '../lanes.js';

/** How many calls are open at a time. */
export const LANES = 50;

export interface Caller {
  reserve(order: Order): Promise<Stock>;
  close?(): Promise<void> | void;
}

/** Calls a service, and prints a reading: of the time that a call takes. */
export async function runCalls(open: (url: string) => Caller): Promise<void> {
  const { GRPC_URL = '', CALLS = '1000', WARM_UP = '1000' } = process.env;
  const caller = open(GRPC_URL);
  let called = 0;

  async function call(): Promise<number> {
    const order = {
      orderId: `order-${++called}`,
      lines: [
        { productId: 'lamp', quantity: 2 },
        { productId: 'table', quantity: 1 },
      ],
    };
    const started = performance.now();
    const stock = await caller.reserve(order);
    const time = performance.now() - started;
    // A wrong answer may be a fast one.
    if (!isAnswerTo(order, stock)) throw new Error(`${order.orderId} has another order's answer`);
    return time;
  }

  const many = { lanes: LANES, count: Number(CALLS), warmUp: Number(WARM_UP) };
  const reading = await measureLanes(many, call);
  await caller.close?.();
  console.log(JSON.stringify(reading));
  // The clients keep their connections for a while.
  process.exit(0);
}
