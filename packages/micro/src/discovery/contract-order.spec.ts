import { expect, it } from 'vitest';
import { orderByOf } from './contract-order';

const contract = (options: string) => `import { defineEvent } from '@org/chassis/events';
import * as z from 'zod';

// orderBy
export const orderChanged = defineEvent('order.changed', z.object({ orderId: z.uuid() })${options});
`;

it.each([
  [", { orderBy: 'orderId' }", 'orderId'],
  [', { "orderBy": "orderId", }', 'orderId'],
  [', { orderBy: `orderId` }', 'orderId'],
  ['', undefined],
  [', {}', undefined],
  [', options', undefined],
  [', { orderBy: key }', undefined],
  [', { ...options }', undefined],
])('reads the key of an event from its contract: %s', (options, expected) => {
  expect(orderByOf('order.changed', contract(options))).toBe(expected);
});

it('reads no key of another event', () => {
  const text = contract(", { orderBy: 'orderId' }");
  expect(orderByOf('order.placed', text)).toBeUndefined();
  const placed = "export const a = defineEvent('order.placed', z.object({ id: z.uuid() }));\n";
  expect(orderByOf('order.placed', text + placed)).toBeUndefined();
  expect(orderByOf('order.changed', placed + text)).toBe('orderId');
});
