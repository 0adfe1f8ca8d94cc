import { defineEvent } from '@org/chassis/events';
import * as z from 'zod';

export const orderCancelled = defineEvent(
  'order.cancelled',
  z.object({
    orderId: z.uuid(),
    email: z.string(),
    reason: z.string(),
  }),
);
