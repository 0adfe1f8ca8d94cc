import { expect, it } from 'vitest';
import { parsePlatform } from '../platform/platform';
import { holdsPassword, passwordReference } from './secret-reference';
import { missingSecrets, requiredSecrets } from './secrets';

const platform = parsePlatform('acme', [
  {
    name: 'order-items',
    root: 'apps/order-items',
    file: 'apps/order-items/service.yml',
    text: 'port: 3001\ndatastores: { database: postgres, rate-limit: redis }\nbroker: rabbitmq',
  },
  { name: 'users', root: 'apps/users', file: 'apps/users/service.yml', text: 'port: 3002' },
]);

it('names the variables that .env must hold', () => {
  expect(requiredSecrets(platform)).toEqual([
    'BROKER_PASSWORD',
    'ORDER_ITEMS_BROKER_PASSWORD',
    'ORDER_ITEMS_DATABASE_OWNER_PASSWORD',
    'ORDER_ITEMS_DATABASE_PASSWORD',
    'ORDER_ITEMS_DATABASE_SERVICE_PASSWORD',
    'ORDER_ITEMS_RATE_LIMIT_PASSWORD',
  ]);
});

it('names that of Grafana where the platform is observed', () => {
  expect(requiredSecrets(platform, true)).toContain('GRAFANA_PASSWORD');
  expect(requiredSecrets(platform)).not.toContain('GRAFANA_PASSWORD');
  expect(missingSecrets(platform, 'GRAFANA_PASSWORD=x\n', true)).toEqual(requiredSecrets(platform));
});

it('names those that it lacks or leaves empty', () => {
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
])('%s holds the password: %s', (text, holds) => {
  expect(holdsPassword(text, 'orders-cache')).toBe(holds);
});
