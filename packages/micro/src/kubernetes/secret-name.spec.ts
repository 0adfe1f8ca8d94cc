import { expect, it } from 'vitest';
import { Secret } from '../platform/secret';
import type { KubernetesObject } from './object';
import { isSecretOf, secretNameOf, withSecretName } from './secret-name';

const KEY = new Secret('k');
const nameOf = (values: Record<string, string>, key = KEY) =>
  secretNameOf(
    'orders',
    new Map(Object.entries(values).map(([name, value]) => [name, new Secret(value)])),
    key,
  );

it('changes with each value and with the key, and with nothing else', () => {
  expect(nameOf({ A: '1', B: '2' })).toMatch(/^orders-[0-9a-f]{10}$/);
  expect(nameOf({ B: '2', A: '1' })).toBe(nameOf({ A: '1', B: '2' }));
  const others = [
    nameOf({ A: '1', B: '3' }),
    nameOf({ A: '12', B: '' }),
    nameOf({ A: '1' }),
    nameOf({ A: '1', B: '2' }, new Secret('other')),
  ];
  expect(new Set([...others, nameOf({ A: '1', B: '2' })]).size).toBe(5);
});

it('is known as one of its entry, and of no other', () => {
  const name = nameOf({ A: '1' });
  expect(isSecretOf('orders', name)).toBe(true);
  const others = [
    'orders',
    'orders-0123456789a',
    'orders-012345678g',
    `orders-job${name.slice(6)}`,
  ];
  expect(others.filter((other) => isSecretOf('orders', other))).toEqual([]);
});

it('leads the references of an entry to it, and no others', () => {
  const pod = (secret: string) => ({
    initContainers: [
      {
        name: 'first',
        env: [{ name: 'A', valueFrom: { secretKeyRef: { name: secret, key: 'A' } } }],
      },
    ],
    containers: [
      {
        name: 'orders',
        env: [
          { name: 'URL', valueFrom: { secretKeyRef: { name: secret, key: 'URL' } } },
          { name: 'OTHER', valueFrom: { secretKeyRef: { name: 'theirs', key: 'A' } } },
          { name: 'PORT', value: '3001' },
        ],
      },
    ],
    volumes: [
      { name: 'secrets', secret: { secretName: secret } },
      { name: 'temporary-0', emptyDir: {} },
    ],
  });
  const deployment = (secret: string) =>
    ({
      ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'orders' } },
      spec: { selector: {}, template: { spec: pod(secret) } },
    }) as KubernetesObject;
  expect(withSecretName(deployment('orders'), 'orders', 'orders-1')).toEqual(
    deployment('orders-1'),
  );
  expect(withSecretName(deployment('orders'), 'orders', undefined)).toEqual(deployment('orders'));
});
