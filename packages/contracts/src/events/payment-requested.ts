import { defineEvent } from '@org/chassis/events';
import * as z from 'zod';

export const paymentRequested = defineEvent(
  'payment.requested',
  z.object({
    orderId: z.uuid(),
    customerId: z.uuid(),
    amount: z.int(),
    card: z.string(),
  }),
);
