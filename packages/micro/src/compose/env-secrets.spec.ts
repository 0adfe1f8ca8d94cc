import { expect, it } from 'vitest';
import { parsePlatform } from '../platform/platform';
import { platformOf } from '../testing/platform';
import { holdsPassword, passwordReference } from './secret-reference';
import { missingSecrets, requiredSecrets } from './env-secrets';

const platform = parsePlatform('acme', [
  {
    name: 'order-items',
    root: 'apps/order-items',
    file: 'apps/order-items/service.yml',
    text: 'port: 3001\ndatastores: { database: postgres, rate-limit: redis }\nbroker: rabbitmq',
  },
  { name: 'users', root: 'apps/users', file: 'apps/users/service.yml', text: 'port: 3002' },
]);

it('lists the variables that .env must have', () => {
  expect(requiredSecrets(platform)).toEqual([
    'BROKER_PASSWORD',
    'ORDER_ITEMS_BROKER_PASSWORD',
    'ORDER_ITEMS_DATABASE_OWNER_PASSWORD',
    'ORDER_ITEMS_DATABASE_PASSWORD',
    'ORDER_ITEMS_DATABASE_SERVICE_PASSWORD',
    'ORDER_ITEMS_RATE_LIMIT_PASSWORD',
  ]);
});

it.each(['nats', 'redis', 'kafka'])(
  'lists one password for %s, which all services use',
  (broker) => {
    const platform = platformOf({
      orders: `port: 3001\nbroker: ${broker}`,
      mailer: `port: 3002\nbroker: ${broker}`,
    });
    expect(requiredSecrets(platform)).toEqual(['BROKER_PASSWORD']);
  },
);

it('lists none for SQS, which AWS runs', () => {
  expect(requiredSecrets(platformOf({ orders: 'port: 3001\nbroker: sqs' }))).toEqual([]);
});

it('includes that of Grafana if the platform has observability', () => {
  expect(requiredSecrets(platform, true)).toContain('GRAFANA_PASSWORD');
  expect(requiredSecrets(platform)).not.toContain('GRAFANA_PASSWORD');
  expect(missingSecrets(platform, 'GRAFANA_PASSWORD=x\n', true)).toEqual(requiredSecrets(platform));
});

it('lists those that are missing or empty', () => {
  expect(missingSecrets(platform, '')).toEqual(requiredSecrets(platform));
  expect(
    missingSecrets(
      platform,
      '# BROKER_PASSWORD=no\nexport BROKER_PASSWORD="a b"\nORDER_ITEMS_DATABASE_PASSWORD=\n',
    ),
  ).toEqual(requiredSecrets(platform).filter((name) => name !== 'BROKER_PASSWORD'));
});

it.each([
  [passwordReference('orders-cache'), true],
  ['redis://:$ORDERS_CACHE_PASSWORD@orders-cache', true],
  ['${ORDERS_CACHE_PASSWORD}', true],
  ['${ORDERS_CACHE_PASSWORD_FILE}', false],
  ['${MY_ORDERS_CACHE_PASSWORD}', false],
  ['${ORDERS_CACHE_OWNER_PASSWORD:?}', true],
  ['$ORDERS_CACHE_SERVICE_PASSWORD', true],
  ['${ORDERS_CACHE_OTHER_PASSWORD}', false],
])('%s contains the password: %s', (text, holds) => {
  expect(holdsPassword(text, 'orders-cache')).toBe(holds);
});
