import { refundRequested } from '@org/contracts';
import { handle } from '@org/chassis/events';
import { once } from '@org/chassis/inbox';
import { chargeStore } from '../charge-store.js';
import type { Resources } from '../resources.js';

export const onRefundRequested = (resources: Resources) => {
  const charges = chargeStore(resources);
  return handle(refundRequested, async (event, { log }) => {
    const { orderId, paymentId } = event.data;
    await once(resources.database, event, 'payments', (client) =>
      charges.refund(client, orderId, paymentId),
    );
    log.info({ orderId, paymentId }, 'payment refunded');
  });
};
