import { parse } from 'yaml';
import { expect, it } from 'vitest';
import { platformOf } from '../testing/platform';
import { deriveServiceCompose } from './service-compose';

interface Entry {
  image: string;
  command?: string[];
  environment: Record<string, string>;
  depends_on: Record<string, { condition: string }>;
  networks: string[];
}

const MANIFEST =
  'port: 3001\ndatastores: { database: postgres, cache: redis }\nbroker: rabbitmq\npublishes: [order.placed]';

function derive(current?: string, manifest = MANIFEST, brokerImage?: string) {
  const platform = platformOf({ orders: manifest });
  const [service] = platform.services;
  return deriveServiceCompose(platform, service!, current, true, undefined, brokerImage);
}

const entriesOf = (text: string) => (parse(text) as { services: Record<string, Entry> }).services;

it('creates the accounts before the migration and the service run', () => {
  const entries = entriesOf(derive().text);
  const completed = { condition: 'service_completed_successfully' };
  expect(entries['orders-migrate']!.depends_on['orders-database-accounts']).toEqual(completed);
  expect(entries['orders']!.depends_on).toMatchObject({
    'orders-database-accounts': completed,
    'orders-broker-account': completed,
    'orders-migrate': completed,
  });
});

it('gives the admin passwords only to the jobs that create accounts', () => {
  const entries = entriesOf(derive().text);
  const holders = Object.keys(entries).filter((name) =>
    JSON.stringify(entries[name]!.environment).includes('{ORDERS_DATABASE_PASSWORD:'),
  );
  expect(holders).toEqual(['orders-database', 'orders-database-accounts']);
  expect(JSON.stringify(entries)).not.toContain('{BROKER_PASSWORD');
  const owners = Object.keys(entries).filter((name) =>
    JSON.stringify(entries[name]!.environment).includes('ORDERS_DATABASE_OWNER_PASSWORD'),
  );
  expect(owners).toEqual(['orders-database-accounts', 'orders-migrate']);
});

it('has one network for the service and its datastores, and one for the broker', () => {
  const entries = entriesOf(derive().text);
  expect(
    Object.fromEntries(Object.entries(entries).map(([name, { networks }]) => [name, networks])),
  ).toEqual({
    orders: ['edge', 'orders-data', 'broker'],
    'orders-database': ['orders-data'],
    'orders-cache': ['orders-data'],
    'orders-database-accounts': ['orders-data'],
    'orders-broker-account': ['broker'],
    'orders-migrate': ['orders-data'],
  });
});

it('doubles each dollar sign of a script, because Compose would fill it in', () => {
  const scripts = Object.values(entriesOf(derive().text)).map(({ command }) => command?.[2] ?? '');
  const script = scripts.find((text) => text.includes('psql'))!;
  expect(script).toContain('printf %s "$$OWNER_PASSWORD"');
  expect(script.replaceAll('$$', '')).not.toContain('$');
});

it('runs the images that a person pinned', () => {
  const pinned = derive().text.replace('image: postgres:17-bookworm', 'image: postgres:16.2');
  const entries = entriesOf(derive(pinned, MANIFEST, 'rabbitmq:4.0').text);
  expect(entries['orders-database-accounts']!.image).toBe('postgres:16.2');
  expect(entries['orders-broker-account']!.image).toBe('rabbitmq:4.0');
});

it('keeps edits, and restores what the manifest says', () => {
  const { text } = derive();
  expect(derive(text)).toMatchObject({ text, drift: [] });
  const edited = text
    .replace('PGHOST: orders-database\n', 'PGHOST: elsewhere\n      PGSSLMODE: require\n')
    .replace('rabbitmqctl --quiet', 'rabbitmqctl --silent');
  const { drift, text: after } = derive(edited);
  expect(drift).toEqual([
    'orders-database-accounts: PGHOST is elsewhere, the manifest says orders-database',
    'orders-broker-account: the command does not match the manifest',
  ]);
  expect(after).toContain('PGSSLMODE: require');
  expect(derive(after).drift).toEqual([]);
});

it('follows the events of the platform', () => {
  const { drift } = derive(derive().text, MANIFEST.replace('order.placed', 'order.sold'));
  expect(drift).toEqual(['orders-broker-account: the command does not match the manifest']);
});

it.each([
  ['NATS', 'nats', /^nats:\/\/platform:\$\{BROKER_PASSWORD:[^}]*\}@broker:4222$/],
  ['Kafka', 'kafka', /^kafka:\/\/platform:\$\{BROKER_PASSWORD:[^}]*\}@broker:9092$/],
  ['Redis', 'redis', /^redis:\/\/:\$\{BROKER_PASSWORD:[^}]*\}@broker:6379$/],
])('lets all services use the only account of %s, without a job', (_name, broker, url) => {
  const { text } = derive();
  const other = derive(text, MANIFEST.replace('rabbitmq', broker));
  const entries = entriesOf(other.text);
  expect(other.drift).toContain('orders-broker-account is not in the manifest');
  expect(Object.keys(entries)).not.toContain('orders-broker-account');
  expect(entries['orders']!.depends_on).toMatchObject({ broker: { condition: 'service_healthy' } });
  expect(entries['orders']!.depends_on).not.toHaveProperty('orders-broker-account');
  expect(entries['orders']!.networks).toContain('broker');
  expect(entries['orders']!.environment['BROKER_URL']).toMatch(url);
  expect(derive(other.text, MANIFEST.replace('rabbitmq', broker)).drift).toEqual([]);
});

it('has nothing of a broker if that is SQS, and keeps the URL that a person wrote', () => {
  const { text } = derive();
  const manifest = MANIFEST.replace('rabbitmq', 'sqs');
  const other = derive(text, manifest);
  const entry = entriesOf(other.text)['orders']!;
  expect(Object.keys(entriesOf(other.text))).not.toContain('orders-broker-account');
  expect(entry.depends_on).not.toHaveProperty('broker');
  expect(entry.networks).not.toContain('broker');
  expect(entry.environment).not.toHaveProperty('BROKER_URL');
  const url = 'BROKER_URL: sqs://eu-central-1/shop';
  const written = other.text.replace(
    /( +)PORT: .*\n/,
    (line, indent) => `${line}${indent}${url}\n`,
  );
  expect(derive(written, manifest)).toEqual({ ...other, text: written, drift: [] });
});
