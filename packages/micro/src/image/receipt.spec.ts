import { expect, it } from 'vitest';
import { buildReceiptSchema, pushReceiptSchema, receiptFile } from './receipt';

it.each([
  [['apps/orders', 'docker-build'], 'dist/receipts/apps/orders/docker-build.json'],
  [
    ['apps/orders', 'docker-push', 'production'],
    'dist/receipts/apps/orders/docker-push.production.json',
  ],
] as const)('%j -> %s', (parts, file) => {
  const [root, step, environment] = parts as readonly [string, string, string?];
  expect(receiptFile(root, step, environment)).toBe(file);
});

it.each([
  [buildReceiptSchema, { kind: 'docker-push' }],
  [buildReceiptSchema, { kind: 'docker-build', service: 'orders' }],
  [
    pushReceiptSchema,
    { kind: 'pushed', service: 'orders', key: 'a', environment: 'b', image: 'c', since: '' },
  ],
])('refuses a receipt of another kind or with a part missing', (schema, receipt) => {
  expect(schema.safeParse(receipt).success).toBe(false);
});
