import { expect, it } from 'vitest';
import { platformOf } from '../testing/platform';
import { deriveSubscriptionsModule } from './subscriptions-module';

function derive(subscribes: string, current?: string) {
  const { services } = platformOf({
    mailer: `port: 3001\nbroker: rabbitmq\nsubscribes: [${subscribes}]\n`,
    orders: 'port: 3002\nbroker: rabbitmq\npublishes: [order.placed, order.paid]\n',
  });
  return deriveSubscriptionsModule(services[0]!, current);
}

it('has the handler of each event', () => {
  expect(derive('order.placed, order.paid')).toEqual({
    path: 'apps/mailer/src/subscriptions.ts',
    text: `// Kept by \`nx sync\` from service.yml: the events that this service handles.
import type { Subscription } from '@org/chassis/events';
import { onOrderPaid } from './events/on-order-paid.js';
import { onOrderPlaced } from './events/on-order-placed.js';
import type { Resources } from './resources.js';

const handlers: readonly ((resources: Resources) => Subscription)[] = [onOrderPlaced, onOrderPaid];

export const subscriptions = (resources: Resources): Subscription[] =>
  handlers.map((handler) => handler(resources));
`,
    drift: ['the file is missing'],
  });
});

it('is there without events, for the broker that may get some', () => {
  expect(derive('').text).toContain('Subscription)[] = [];\n');
});

it('is left alone if only its format differs, and reports which event drifted', () => {
  const { text } = derive('order.placed');
  const formatted = text.replaceAll("'", '"').replaceAll(';', '');
  expect(derive('order.placed', formatted)).toMatchObject({ text: formatted, drift: [] });
  expect(derive('order.paid', text).drift).toEqual([
    'onOrderPlaced is not in the manifest',
    'onOrderPaid is missing',
  ]);
});
