import { expect, it, test } from 'vitest';
import { settingsOf } from './variables';

const secretKey = (name: string, key: string) => ({
  name: key,
  valueFrom: { secretKeyRef: { name, key } },
});

test.each<[string, unknown, object]>([
  ['text', 'info', { name: 'A', value: 'info' }],
  ['a number', 3001, { name: 'A', value: '3001' }],
  ['a dollar, which both escape alike', 'a$$b', { name: 'A', value: 'a$$b' }],
  ['a default', '${LOG:-info}', { name: 'A', value: 'info' }],
  ['an empty default', '${OTEL:-}', { name: 'A', value: '' }],
  ['a password', 'redis://:${P:?run it}@cache:6379', secretKey('orders', 'A')],
  ['a variable without a default', '${P}', secretKey('orders', 'A')],
  ['a variable of the machine', null, secretKey('orders', 'A')],
  ['a default that is a variable', '${A:-${B}}', secretKey('orders', 'A')],
])('a variable that is %s', (_, value, expected) => {
  expect(settingsOf('orders', { environment: { A: value } }).env).toEqual([expected]);
});

it('takes what the environment says instead of the entry, whatever dollars it holds', () => {
  const { env, secret } = settingsOf(
    'orders',
    { environment: { DATABASE_URL: 'postgres://${P}@db', PORT: '3001' } },
    { DATABASE_URL: '$(PORT) costs $5' },
  );
  expect(env).toEqual([
    { name: 'DATABASE_URL', value: '$$(PORT) costs $$5' },
    { name: 'PORT', value: '3001' },
  ]);
  expect(secret).toEqual({ variables: [], files: [] });
});

it('gives secrets as files, as Compose does, and not as variables, too', () => {
  const { env, secret, volumes, mounts } = settingsOf(
    'orders',
    { environment: { STRIPE_KEY: '${STRIPE_KEY}' } },
    {},
    ['STRIPE_KEY'],
  );
  expect(env).toEqual([{ name: 'STRIPE_KEY_FILE', value: '/run/secrets/STRIPE_KEY' }]);
  expect(secret).toEqual({ variables: [], files: ['STRIPE_KEY'] });
  const items = [{ key: 'STRIPE_KEY', path: 'STRIPE_KEY' }];
  expect(volumes).toEqual([
    { name: 'secrets', secret: { secretName: 'orders', items, defaultMode: 0o440 } },
  ]);
  expect(mounts).toEqual([{ name: 'secrets', mountPath: '/run/secrets', readOnly: true }]);
});
