import * as z from 'zod';
import { defineEvent } from '../events/events.js';

/** What specs publish, and the processes that they start. */
export const orderPlaced = defineEvent(
  'order.placed',
  z.object({ orderId: z.string(), total: z.number() }),
);
