import { expect, it } from 'vitest';
import { eventConstant, eventFileName, eventNameProblem, handlerName } from './event';

it.each([
  ['order.placed', 'orderPlaced', 'onOrderPlaced', 'order-placed'],
  ['order.payment-failed', 'orderPaymentFailed', 'onOrderPaymentFailed', 'order-payment-failed'],
  ['shop.order.v2', 'shopOrderV2', 'onShopOrderV2', 'shop-order-v2'],
])('%s is %s in code', (event, constant, handler, file) => {
  expect(eventNameProblem(event)).toBeUndefined();
  expect([eventConstant(event), handlerName(event), eventFileName(event)]).toEqual([
    constant,
    handler,
    file,
  ]);
});

it.each(['order', 'Order.placed', 'order.', 'order..placed', 'order.2nd', 'a.b-', 'order_x.y'])(
  '%j is not a valid event name',
  (event) => {
    expect(eventNameProblem(event)).toContain('for example "order.placed"');
  },
);

it('the chassis accepts names of this length', () => {
  expect(eventNameProblem(`a.${'b'.repeat(98)}`)).toBeUndefined();
  expect(eventNameProblem(`a.${'b'.repeat(99)}`)).toContain('100 characters');
});
