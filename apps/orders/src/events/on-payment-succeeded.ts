import { paymentSucceeded } from '@org/contracts';
import { handle } from '@org/chassis/events';
import { once } from '@org/chassis/inbox';
import { orderStore } from '../order-store.js';
import type { Resources } from '../resources.js';

export const onPaymentSucceeded = (resources: Resources) => {
  const orders = orderStore(resources);
  return handle(paymentSucceeded, async (event) => {
    const { orderId, paymentId } = event.data;
    await once(resources.database, event, 'orders', (client) =>
      orders.advance(client, orderId, { kind: 'charged', paymentId }),
    );
  });
};
