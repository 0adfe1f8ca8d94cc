import { expect, it } from 'vitest';
import { rollOrder } from './order';

it.each<[string, Record<string, string[]>, Record<string, string[]>]>([
  ['by name where there are no links', { b: [], a: [] }, { a: [], b: [] }],
  [
    'providers first',
    { gateway: ['orders'], orders: ['users'], users: [] },
    { users: [], orders: ['users'], gateway: ['orders'] },
  ],
  ['links to services outside the run left out', { a: ['z'] }, { a: [] }],
  ['a circle opened at its last name', { a: ['b'], b: ['a'] }, { b: [], a: ['b'] }],
  [
    'a circle of three opened once',
    { a: ['b'], b: ['c'], c: ['a'] },
    { c: [], b: ['c'], a: ['b'] },
  ],
])('%s', (_, links, expected) => {
  const services = Object.entries(links).map(([name, consumes]) => ({ name, consumes }));
  const order = rollOrder(services);
  expect([...order]).toEqual(Object.entries(expected));
});
