import { paymentRequested } from '@org/contracts';
import { handle } from '@org/chassis/events';
import { once } from '@org/chassis/inbox';
import { chargeStore } from '../charge-store.js';
import type { Resources } from '../resources.js';

export const onPaymentRequested = (resources: Resources) => {
  const charges = chargeStore(resources);
  return handle(paymentRequested, async (event, { log }) => {
    const isNew = await once(resources.database, event, 'payments', (client) =>
      charges.charge(client, event.data, event.attempt),
    );
    log.info({ orderId: event.data.orderId }, isNew ? 'payment handled' : 'payment known already');
  });
};
