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

/** What a program prints at its end. */
export interface LoadReading {
  /** Events handled per second. */
  rate: number;
  /** Milliseconds from the call of `publish` to the start of the handler: median and 99th percentile. */
  middle: number;
  slowest: number;
  /** Microseconds of this program's processor time per event. */
  work: number;
}

/**
 * Publishes and handles events, and prints a {@link LoadReading}. Each lane waits until its event is confirmed and
 * handled before it publishes the next one, so that no queue grows.
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

  async function send(count: number): Promise<number[]> {
    const times: number[] = [];
    let left = count;
    const lane = async (): Promise<void> => {
      while (left-- > 0) times.push(await passOn());
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    return times.toSorted((a, b) => a - b);
  }

  await send(Number(WARM_UP));
  const [before, started] = [process.cpuUsage(), performance.now()];
  const times = await send(Number(EVENTS));
  const { user, system } = process.cpuUsage(before);
  const seconds = (performance.now() - started) / 1000;
  await client.close();
  if (duplicates > 0) throw new Error(`${duplicates} events came twice`);
  const reading: LoadReading = {
    rate: times.length / seconds,
    middle: times[Math.floor(times.length / 2)]!,
    slowest: times[Math.floor(times.length * 0.99)]!,
    work: (user + system) / times.length,
  };
  console.log(JSON.stringify(reading));
}
