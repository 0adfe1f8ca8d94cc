import { measureLanes } from '../lanes.js';

/** How many events are on their way at a time, and how many of them are handled at a time. */
export const LANES = 50;
export const PREFETCH = 10;

export interface Order {
  orderId: string;
  customer: string;
  total: number;
  lines: { sku: string; count: number }[];
}

export interface Client {
  /** Resolves when the broker has confirmed the event. */
  publish(order: Order): Promise<unknown>;
  close(): Promise<void>;
}

/**
 * Publishes and handles events, and prints a reading: of a time from the call of `publish` to the start of the handler.
 * Each lane waits until its event is confirmed and handled before it publishes the next one.
 *
 * @param open gives each event to `onOrder`.
 */
export async function runLoad(
  open: (url: string, onOrder: (order: Order) => void) => Promise<Client>,
): Promise<void> {
  const { BROKER_URL = '', EVENTS = '1000', WARM_UP = '1000' } = process.env;
  const handled = new Map<string, () => void>();
  let duplicates = 0;
  const client = await open(BROKER_URL, ({ orderId }) => {
    const done = handled.get(orderId);
    if (!done) duplicates++;
    handled.delete(orderId);
    done?.();
  });
  let published = 0;

  /** Resolves with the milliseconds from `publish` to its handler. */
  function passOn(): Promise<number> {
    const orderId = `order-${++published}`;
    const started = performance.now();
    const isHandled = new Promise<number>((resolve) => {
      handled.set(orderId, () => resolve(performance.now() - started));
    });
    const lines = [{ sku: 'lamp', count: 2 }];
    const confirmed = client.publish({ orderId, customer: 'c-1', total: 1299, lines });
    return Promise.all([isHandled, confirmed]).then(([time]) => time);
  }

  const many = { lanes: LANES, count: Number(EVENTS), warmUp: Number(WARM_UP) };
  const reading = await measureLanes(many, passOn);
  await client.close();
  if (duplicates > 0) throw new Error(`${duplicates} events came twice`);
  console.log(JSON.stringify(reading));
}
