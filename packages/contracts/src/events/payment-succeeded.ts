import { defineEvent } from '@org/chassis/events';
import * as z from 'zod';

export const paymentSucceeded = defineEvent(
  'payment.succeeded',
  z.object({
    orderId: z.uuid(),
    paymentId: z.uuid(),
    amount: z.int(),
  }),
);
