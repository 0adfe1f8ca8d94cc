// Kept by `nx sync` from service.yml: the events that this service handles.
import type { Subscription } from '@org/chassis/events';
import { onPaymentRequested } from './events/on-payment-requested.js';
import { onRefundRequested } from './events/on-refund-requested.js';
import type { Resources } from './resources.js';

const handlers: readonly ((resources: Resources) => Subscription)[] = [
  onPaymentRequested,
  onRefundRequested,
];

export const subscriptions = (resources: Resources): Subscription[] =>
  handlers.map((handler) => handler(resources));
