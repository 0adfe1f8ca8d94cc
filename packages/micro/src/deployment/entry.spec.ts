import { expect, it } from 'vitest';
import { inTurn, publicUrlOf } from './entry';

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
