import { formatReason, type Resource, type ResourceHost } from '@org/chassis';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OrderStore } from './order-store.js';

const EVERY_MS = 2000;

/** Regularly gives up orders whose payment was never answered. */
export function paymentDeadline(orders: Pick<OrderStore, 'giveUp'>, afterMs: number): Resource {
  const stopped = new AbortController();
  let running: Promise<void> | undefined;

  async function run({ log }: ResourceHost): Promise<void> {
    while (!stopped.signal.aborted) {
      try {
        const count = await orders.giveUp(afterMs);
        if (count > 0) log.warn({ count }, 'gave up on orders without an answer to their payment');
      } catch (error) {
        log.error({ reason: formatReason(error) }, 'could not look for orders to give up on');
      }
      await sleep(EVERY_MS, undefined, { signal: stopped.signal }).catch(() => undefined);
    }
  }

  return {
    name: 'payment-deadline',
    kind: 'relay',
    start: (host) => void (running = run(host)),
    check: () => Promise.resolve(),
    stop: async () => {
      stopped.abort();
      await running;
    },
    close: () => Promise.resolve(),
  };
}
