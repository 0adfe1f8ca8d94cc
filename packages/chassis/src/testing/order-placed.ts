import * as z from 'zod';
import { defineEvent } from '../events/events.js';

/** The event that specs and their processes publish. */
export const orderPlaced = defineEvent(
  'order.placed',
  z.object({ orderId: z.string(), total: z.number() }),
);

/** The event whose order specs look at. */
export const orderChanged = defineEvent(
  'order.changed',
  z.object({ orderId: z.string(), step: z.number() }),
  { orderBy: 'orderId' },
);
