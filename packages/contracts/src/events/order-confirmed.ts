import { defineEvent } from '@org/chassis/events';
import * as z from 'zod';

export const orderConfirmed = defineEvent(
  'order.confirmed',
  z.object({
    orderId: z.uuid(),
    email: z.string(),
    total: z.int(),
  }),
);
