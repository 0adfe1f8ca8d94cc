import { defineEvent } from '@org/chassis/events';
import * as z from 'zod';

export const refundRequested = defineEvent(
  'refund.requested',
  z.object({
    orderId: z.uuid(),
    paymentId: z.uuid(),
  }),
);
