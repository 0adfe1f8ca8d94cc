import { paymentFailed } from '@org/contracts';
import { handle } from '@org/chassis/events';
import { once } from '@org/chassis/inbox';
import { orderStore } from '../order-store.js';
import type { Resources } from '../resources.js';

export const onPaymentFailed = (resources: Resources) => {
  const orders = orderStore(resources);
  return handle(paymentFailed, async (event) => {
    const { orderId, reason } = event.data;
    await once(resources.database, event, 'orders', (client) =>
      orders.advance(client, orderId, { kind: 'declined', reason }),
    );
  });
};
