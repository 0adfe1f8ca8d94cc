import { expect, it } from 'vitest';
import { platformOf } from '../../testing/platform';
import { runningContainer } from '../../testing/running-container';
import { folderOfTime, planBackup, selectDatastores } from './plan';

const place = { links: {}, notRunning: 'has no running container: start it' };

const MANIFESTS = {
  orders: 'port: 3001\ndatastores: { database: postgres, cache: redis }\nbroker: rabbitmq\n',
  stock: 'port: 3002\ndatastores: { database: mariadb }\n',
  users: 'port: 3003\n',
};

const platform = platformOf(MANIFESTS, 'shop');

const orders = runningContainer({
  service: 'orders-database',
  environment: { POSTGRES_DB: 'orders' },
});
const stock = runningContainer({
  service: 'stock-database',
  environment: { MARIADB_DATABASE: 'stock' },
});
const cache = runningContainer({
  service: 'orders-cache',
  mounts: [
    { path: '/usr/local/etc/redis/redis.conf', isKept: true },
    { path: '/data', isKept: false },
  ],
});

/** `dump orders-database` or `missing orders-cache: why` */
const plan = (containers = [orders, cache, stock], words: readonly string[] = []) =>
  planBackup(platform, place, containers, words).map((step) =>
    step.kind === 'dump' ? `dump ${step.file} of ${step.database}` : `${step.kind} ${step.name}`,
  );

it('dumps every database, and lists what it leaves out', () => {
  expect(plan()).toEqual([
    'dump orders-database.pgdump of orders',
    'left-out orders-cache',
    'dump stock-database.sql of stock',
    'left-out broker',
  ]);
});

it.each([
  [['stock'], ['dump stock-database.sql of stock']],
  [['orders'], ['dump orders-database.pgdump of orders', 'left-out orders-cache']],
  [['orders-database', 'users'], ['dump orders-database.pgdump of orders']],
])('%j', (words, expected) => {
  expect(plan(undefined, words)).toEqual(expected);
});

it.each([
  ['is not there', [cache, stock]],
  ['is stopped', [{ ...orders, state: 'exited' as const }, cache, stock]],
  ['does not name its database', [{ ...orders, environment: {} }, cache, stock]],
])('misses a database whose container %s', (_, containers) => {
  expect(plan(containers)[0]).toBe('missing orders-database');
});

it('lists a cache that keeps data: nothing is left out silently', () => {
  const kept = { ...cache, mounts: [{ path: '/data', isKept: true }] };
  expect(plan([orders, kept, stock])[1]).toBe('missing orders-cache');
});

it('leaves out what a service has that runs elsewhere', () => {
  const links = { orders: 'https://orders.example.com' };
  const steps = planBackup(platform, { ...place, links }, [stock], ['orders-database', 'stock']);
  expect(steps).toEqual([
    {
      kind: 'left-out',
      name: 'orders-database',
      why: 'orders runs elsewhere: https://orders.example.com',
    },
    expect.objectContaining({ kind: 'dump', name: 'stock-database' }),
  ]);
});

it('names every word that is nothing', () => {
  expect(() => selectDatastores(platform, ['order', 'stock', 'nothing-like-it'])).toThrow(
    /^"order" is neither a service nor a datastore of this platform; did you mean "orders"\?\n"nothing-like-it" is neither .*known are orders/,
  );
});

it('names a folder after a time', () => {
  expect(folderOfTime('2026-11-21T12:00:00.000Z')).toBe('2026-11-21T12-00-00-000Z');
});
