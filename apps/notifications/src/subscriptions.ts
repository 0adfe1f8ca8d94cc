// Kept by `nx sync` from service.yml: the events that this service handles.
import type { Subscription } from '@org/chassis/events';
import { onOrderCancelled } from './events/on-order-cancelled.js';
import { onOrderConfirmed } from './events/on-order-confirmed.js';
import type { Resources } from './resources.js';

const handlers: readonly ((resources: Resources) => Subscription)[] = [
  onOrderConfirmed,
  onOrderCancelled,
];

export const subscriptions = (resources: Resources): Subscription[] =>
  handlers.map((handler) => handler(resources));
