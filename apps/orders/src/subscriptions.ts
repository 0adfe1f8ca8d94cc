// Kept by `nx sync` from service.yml: the events that this service handles.
import type { Subscription } from '@org/chassis/events';
import { onPaymentFailed } from './events/on-payment-failed.js';
import { onPaymentSucceeded } from './events/on-payment-succeeded.js';
import type { Resources } from './resources.js';

const handlers: readonly ((resources: Resources) => Subscription)[] = [
  onPaymentSucceeded,
  onPaymentFailed,
];

export const subscriptions = (resources: Resources): Subscription[] =>
  handlers.map((handler) => handler(resources));
