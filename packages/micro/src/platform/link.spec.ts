import { expect, test } from 'vitest';
import { DATASTORE_PURPOSES, datastoreVariable } from './datastore';
import { hostUrl, linkVariable, linkVariables, networkUrl } from './link';
import { parsePlatform } from './platform';

const platform = parsePlatform(
  'acme',
  [
    ['gateway', 'port: 3000\nconsumes: [users, order-items]'],
    ['order-items', 'port: 3001'],
    ['users', 'port: 3002'],
  ].map(([name = '', text = '']) => ({
    name,
    root: `apps/${name}`,
    file: `apps/${name}/service.yml`,
    text,
  })),
);

test('a link becomes one variable', () => {
  expect(linkVariable('order-items')).toBe('MICROSERVICE_ORDER_ITEMS_URL');
});

test('variables are in the order of the manifest, for declared links only', () => {
  const [gateway, , users] = platform.services;
  expect(Object.entries(linkVariables(platform, gateway!, networkUrl))).toEqual([
    ['MICROSERVICE_USERS_URL', 'http://users:3002'],
    ['MICROSERVICE_ORDER_ITEMS_URL', 'http://order-items:3001'],
  ]);
  expect(linkVariables(platform, gateway!, hostUrl)).toEqual({
    MICROSERVICE_USERS_URL: 'http://localhost:3002',
    MICROSERVICE_ORDER_ITEMS_URL: 'http://localhost:3001',
  });
  expect(linkVariables(platform, users!, networkUrl)).toEqual({});
});

test('a provider that speaks gRPC has a variable for that, too', () => {
  const file = (name: string, text: string) => ({
    name,
    root: `apps/${name}`,
    file: `apps/${name}/service.yml`,
    text,
  });
  const shop = parsePlatform('shop', [
    file('orders', 'port: 3000\nconsumes: [order-items]'),
    file('order-items', 'port: 3001\ngrpcPort: 3002'),
  ]);
  const orders = shop.services.find(({ name }) => name === 'orders')!;
  expect(linkVariables(shop, orders, networkUrl)).toEqual({
    MICROSERVICE_ORDER_ITEMS_URL: 'http://order-items:3001',
    MICROSERVICE_ORDER_ITEMS_GRPC_URL: 'http://order-items:3002',
  });
});

test('the variable of a datastore', () => {
  expect(DATASTORE_PURPOSES.map(datastoreVariable)).toEqual([
    'DATABASE_URL',
    'CACHE_REDIS_URL',
    'PUBSUB_REDIS_URL',
    'RATE_LIMIT_REDIS_URL',
  ]);
});
