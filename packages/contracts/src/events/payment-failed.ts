import { defineEvent } from '@org/chassis/events';
import * as z from 'zod';

export const paymentFailed = defineEvent(
  'payment.failed',
  z.object({
    orderId: z.uuid(),
    reason: z.string(),
  }),
);
