import { expect, test } from 'vitest';
import { nameProblem, serviceNameProblem, toServiceName, toUpperSnake, withoutScope } from './name';

test.each(['a', 'orders', 'order-items', 'v2-api', 'a'.repeat(63)])(
  '%s is a valid name',
  (name) => {
    expect(serviceNameProblem(name)).toBeUndefined();
  },
);

test.each(['', '2orders', 'Orders', 'a--b', '-a', 'a-', 'a_b', 'a.b', 'café', 'a'.repeat(64)])(
  '"%s" is not a valid name',
  (name) => {
    expect(serviceNameProblem(name)).toContain(`"${name}" cannot be a service's name`);
  },
);

test('the message suggests a valid name, if one can be made', () => {
  expect(serviceNameProblem('OrderItems')).toBe(
    `"OrderItems" cannot be a service's name: use lower-case letters, digits and single hyphens, starting with a letter, 63 at most, for example "order-items"`,
  );
  expect(serviceNameProblem('42')).not.toContain('for example');
  expect(nameProblem('Prod', "an environment's")).toContain("an environment's name");
});

test.each(['localhost', 'micro-edge', 'constructor'])(
  'no service is called %s, but an environment may be',
  (name) => {
    expect(serviceNameProblem(name)).toContain(`"${name}" cannot be a service's name: `);
    expect(nameProblem(name, "an environment's")).toBeUndefined();
  },
);

test.each([
  ['Order Items', 'order-items'],
  ['orderItems', 'order-items'],
  ['  orders!! ', 'orders'],
  ['42nd-street', 'nd-street'],
  ['__', ''],
  [`${'a'.repeat(62)}-b`, 'a'.repeat(62)],
])('toServiceName(%j) is %j', (text, expected) => {
  expect(toServiceName(text)).toBe(expected);
  if (expected) expect(serviceNameProblem(expected)).toBeUndefined();
});

test.each([
  ['orders', 'ORDERS'],
  ['order-items', 'ORDER_ITEMS'],
  ['v2-api', 'V2_API'],
])('toUpperSnake(%j) is %j', (name, expected) => {
  expect(toUpperSnake(name)).toBe(expected);
});

test.each([
  ['@acme/orders', 'orders'],
  ['orders', 'orders'],
])('withoutScope(%j) is %j', (name, expected) => {
  expect(withoutScope(name)).toBe(expected);
});
