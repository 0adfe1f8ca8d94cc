import { parse } from 'yaml';
import { expect, it } from 'vitest';
import { platformOf } from '../testing/platform';
import { deriveServiceCompose } from './service-compose';

function derive(datastores: string, hasMigrations: boolean, current?: string) {
  const platform = platformOf({ orders: `port: 3001\ndatastores: { ${datastores} }\n` });
  return deriveServiceCompose(platform, platform.services[0]!, current, hasMigrations);
}

interface Compose {
  services: Record<string, { depends_on?: object; environment?: object; networks?: object }>;
}

it('runs a job with the image of the service that migrates the database, and the service waits for it', () => {
  const { services } = parse(derive('database: postgres, cache: redis', true).text) as Compose;
  expect(services['orders-migrate']).toMatchObject({
    image: 'acme/orders:local',
    command: ['node', 'main.js', 'migrate'],
    restart: 'no',
    read_only: true,
    depends_on: {
      'orders-database': { condition: 'service_healthy' },
      'orders-database-accounts': { condition: 'service_completed_successfully' },
    },
    networks: ['orders-data'],
  });
  // It uses the owner's account; the service's own account has fewer rights.
  expect(JSON.stringify(services['orders-migrate']!.environment)).toContain(
    'postgres://orders_owner:${ORDERS_DATABASE_OWNER_PASSWORD:?',
  );
  expect(JSON.stringify(services['orders']!.environment)).toContain(
    'postgres://orders_service:${ORDERS_DATABASE_SERVICE_PASSWORD:?',
  );
  // Of the service's variables, it has only those for its database.
  expect(Object.keys(services['orders-migrate']!.environment!)).toEqual(['DATABASE_URL']);
  expect(services['orders']!.depends_on).toMatchObject({
    'orders-migrate': { condition: 'service_completed_successfully' },
  });
});

it.each([
  ['database: postgres', false],
  ['database: mongodb', true],
  ['cache: redis', true],
])('has no job for %s, with migrations: %s', (datastores, hasMigrations) => {
  const { services } = parse(derive(datastores, hasMigrations).text) as Compose;
  expect(services['orders-migrate']).toBeUndefined();
  expect(services['orders']!.depends_on).not.toHaveProperty('orders-migrate');
});

it('removes the job with the last migration, and keeps edits until then', () => {
  const { text } = derive('database: postgres', true);
  const edited = text.replace(
    '- migrate\n    init: true\n    restart: no\n',
    '- migrate\n    init: true\n    restart: no\n    mem_limit: 1g\n',
  );
  expect(edited).not.toBe(text);
  expect(derive('database: postgres', true, edited)).toMatchObject({ text: edited, drift: [] });
  const { services } = parse(derive('database: postgres', false, edited).text) as Compose;
  expect(Object.keys(services)).toEqual(['orders', 'orders-database', 'orders-database-accounts']);
});
