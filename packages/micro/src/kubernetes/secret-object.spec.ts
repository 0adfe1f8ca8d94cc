import { Secret as SecretModel } from 'kubernetes-models/v1/Secret';
import { expect, it } from 'vitest';
import { Secret } from '../platform/secret';
import { secretObject } from './secret-object';

it('holds its values as data, sorted, whatever bytes they are', () => {
  const scope = { platform: 'acme', environment: 'production', namespace: 'acme-production' };
  const values = new Map([
    ['B', new Secret('text')],
    ['A', new Secret(Buffer.from([0, 255]))],
  ]);
  const object = secretObject(scope, 'orders', values);
  new SecretModel(object).validate();
  expect(object).toMatchObject({ metadata: { name: 'orders', namespace: 'acme-production' } });
  expect(Object.entries(object.data!)).toEqual([
    ['A', 'AP8='],
    ['B', 'dGV4dA=='],
  ]);
});
