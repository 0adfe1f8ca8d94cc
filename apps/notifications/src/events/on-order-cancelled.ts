import { orderCancelled } from '@org/contracts';
import { handle } from '@org/chassis/events';
import { notify } from '../notify.js';
import type { Resources } from '../resources.js';

export const onOrderCancelled = (resources: Resources) =>
  handle(orderCancelled, async (event, { log }) => {
    const { orderId } = event.data;
    const subject = `Your order was cancelled: ${event.data.reason}`;
    await notify(resources, { eventId: event.id, orderId, subject }, log);
  });
