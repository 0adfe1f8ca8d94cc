import { expect, it } from 'vitest';
import { inTurn, publicUrlOf, whyExclusive } from './entry';

it('has each job wait for those that it depends on', () => {
  const after = (...names: string[]) => ({
    depends_on: Object.fromEntries(
      names.map((name) => [name, { condition: 'service_completed_successfully' }]),
    ),
  });
  const services = {
    'orders-fill': after('orders-migrate', 'elsewhere'),
    'orders-migrate': after('z-accounts'),
    'z-accounts': {},
    loop: after('loop'),
  };
  const jobs = ['orders-fill', 'orders-migrate', 'z-accounts', 'loop'];
  expect(inTurn(jobs, services)).toEqual(['z-accounts', 'orders-migrate', 'orders-fill', 'loop']);
});

it('has the public address that the environment says', () => {
  expect(publicUrlOf({ environment: { PUBLIC_URL: 'https://shop.example.com' } })).toBe(
    'https://shop.example.com',
  );
  expect(publicUrlOf({ environment: { LOG_LEVEL: 'warn' } })).toBeUndefined();
  expect(publicUrlOf({})).toBeUndefined();
});

it.each([
  [{}, undefined],
  [{ ports: [{ target: 3001 }] }, undefined],
  [{ ports: [{ target: 3001, published: '0' }] }, undefined],
  [{ ports: [{ target: 3001, published: '8080' }] }, 'port 8080 of the host'],
  [{ network_mode: 'host' }, 'network_mode host'],
  [{ networks: { edge: null, backend: { aliases: ['x'] } } }, undefined],
  [{ networks: { edge: { ipv4_address: '10.0.0.9' } } }, 'a fixed address'],
])('whyExclusive(%j) is %s', (entry, expected) => {
  expect(whyExclusive(entry, 2)).toBe(expected);
});

it.each<[object[], number, string | undefined]>([
  [[], 1, undefined],
  [[{ type: 'bind', source: '/etc', target: '/x' }], 1, undefined],
  [[{ type: 'volume', source: 'data', target: '/x', read_only: true }], 1, undefined],
  [[{ type: 'volume', target: '/x' }], 1, undefined],
  [[{ type: 'volume', source: 'data', target: '/x' }], 1, 'the volume "data", which it writes to'],
  [[{ type: 'volume', source: 'data', target: '/x' }], 2, undefined],
])('with the volumes %j and %i replicas, two cannot have %s', (volumes, replicas, expected) => {
  expect(whyExclusive({ volumes }, replicas)).toBe(expected);
});
