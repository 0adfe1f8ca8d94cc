import { expect, it, test } from 'vitest';
import { differencesOf } from './difference';

test.each<[string, unknown, unknown, string[]]>([
  ['a value that differs', { spec: { replicas: 2 } }, { spec: { replicas: 3 } }, ['spec.replicas']],
  ['a value that is missing', { a: { b: 1, c: 2 } }, { a: { c: 2 } }, ['a.b']],
  ['what only the server says', { a: 1 }, { a: 1, status: {} }, []],
  [
    'an empty map, which is not kept',
    { spec: { volumes: [], securityContext: {} } },
    { spec: {} },
    [],
  ],
  [
    'rules where none is declared',
    { spec: { ingress: [], env: [] } },
    { spec: { ingress: [{}], env: [{ name: 'A', value: 'of somebody else' }] } },
    ['spec.ingress'],
  ],
  [
    'an empty text, which is not kept',
    { env: [{ name: 'A', value: '' }] },
    { env: [{ name: 'A' }] },
    [],
  ],
  [
    'one quantity in two units',
    { limits: { memory: '1024Mi', cpu: '1000m' } },
    { limits: { memory: '1Gi', cpu: '1' } },
    [],
  ],
  [
    'another quantity',
    { requests: { memory: '256Mi' } },
    { requests: { memory: '512Mi' } },
    ['requests.memory'],
  ],
  ['a text that only looks like a quantity', { value: '1.0' }, { value: '1' }, ['value']],
  [
    'a variable',
    { env: [{ name: 'A', value: 'x' }] },
    {
      env: [
        { name: 'B', value: 'y' },
        { name: 'A', value: 'z' },
      ],
    },
    ['env[A].value'],
  ],
  [
    'a container that was put beside ours',
    { containers: [{ name: 'orders', image: 'a' }] },
    {
      containers: [
        { name: 'proxy', image: 'p' },
        { name: 'orders', image: 'a' },
      ],
    },
    [],
  ],
  ['a list of names', { hosts: ['a', 'b'] }, { hosts: ['a'] }, ['hosts']],
  ['an item of a list', { from: [{ x: 1 }] }, { from: [{ x: 2 }] }, ['from[0].x']],
  ['nothing there', { a: [{ name: 'x' }], b: 1 }, undefined, ['a[x]', 'b']],
])('%s', (_, declared, live, paths) => {
  expect(differencesOf(declared, live)).toEqual(paths);
});

it('finds none in what it compares with itself', () => {
  const object = { a: [{ name: 'x', ports: [{ port: 1 }] }], b: { c: ['d'] } };
  expect(differencesOf(object, structuredClone(object))).toEqual([]);
});
