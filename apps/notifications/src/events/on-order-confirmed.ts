import { orderConfirmed } from '@org/contracts';
import { handle } from '@org/chassis/events';
import { notify } from '../notify.js';
import type { Resources } from '../resources.js';

export const onOrderConfirmed = (resources: Resources) =>
  handle(orderConfirmed, async (event, { log }) => {
    const { orderId } = event.data;
    const subject = 'Your order is on its way';
    await notify(resources, { eventId: event.id, orderId, subject }, log);
  });
