import { expect, it } from 'vitest';
import { parsePlatform, serviceNamed } from '../platform/platform';
import { platformOf } from '../testing/platform';
import { deriveServeEnv } from './serve-env';

const platform = parsePlatform('acme', [
  {
    name: 'orders',
    root: 'apps/orders',
    file: 'apps/orders/service.yml',
    text: 'port: 3001\nconsumes: [users]',
  },
  { name: 'users', root: 'apps/users', file: 'apps/users/service.yml', text: 'port: 3002' },
]);
const derive = (current?: string, backingUrls = {}) =>
  deriveServeEnv(platform, serviceNamed(platform, 'orders'), backingUrls, current);

const DATABASE = {
  DATABASE_URL: 'postgres://orders:${ORDERS_DATABASE_PASSWORD}@127.0.0.1:13001/orders',
};

const created = `# \`nx sync\` keeps PORT and the URLs that service.yml leads to; all else is yours.
PORT=3001
MICROSERVICE_USERS_URL=http://localhost:3002
`;

it('creates the file', () => {
  expect(derive()).toEqual({
    path: 'apps/orders/.serve.env',
    text: created,
    drift: ['the file is missing'],
  });
  expect(derive(created)).toMatchObject({ text: created, drift: [] });
});

it.each([
  ['another order', 'MICROSERVICE_USERS_URL=http://localhost:3002\n\nA=1 # mine\nPORT=3001'],
  ['quotes and export', 'export PORT="3001"\nMICROSERVICE_USERS_URL = \'http://localhost:3002\'\n'],
  ['a comment', 'PORT=3001 # as ever\nMICROSERVICE_USERS_URL=http://localhost:3002\n'],
  ['Windows line ends', 'PORT=3001\r\nMICROSERVICE_USERS_URL=http://localhost:3002\r\n'],
])('%s stays', (_, text) => {
  expect(derive(text)).toMatchObject({ text, drift: [] });
});

it('changes what drifted and nothing else', () => {
  const { text, drift } = derive(
    '# mine\r\nexport PORT="3000"\r\nMICROSERVICE_OLD_URL=http://localhost:3009\r\n# PORT=1\r\nLOG_LEVEL=debug',
  );
  expect(text).toBe(
    '# mine\r\nexport PORT=3001\r\n# PORT=1\r\nLOG_LEVEL=debug\r\nMICROSERVICE_USERS_URL=http://localhost:3002\r\n',
  );
  expect(drift).toEqual([
    'PORT is 3000, the manifest says 3001',
    'MICROSERVICE_OLD_URL is not in the manifest',
    'MICROSERVICE_USERS_URL is missing',
  ]);
});

it('has the addresses of datastores without their passwords', () => {
  const { text } = derive(undefined, DATABASE);
  expect(text).toBe(`${created}DATABASE_URL=${DATABASE.DATABASE_URL}\n`);
  expect(derive(text, DATABASE)).toMatchObject({ text, drift: [] });
  expect(derive(text)).toMatchObject({
    text: created,
    drift: ['DATABASE_URL is not in the manifest'],
  });
});

it("keeps a person's own datastore if the manifest has none", () => {
  const own = `${created}DATABASE_URL=postgres://db.example.com/orders\n`;
  expect(derive(own)).toMatchObject({ text: own, drift: [] });
});

it('never shows a credential', () => {
  const leaked = `${created}DATABASE_URL=postgres://orders:hunter2@127.0.0.1:13001/orders\n`;
  const { text, drift } = derive(leaked, DATABASE);
  expect(text).not.toContain('hunter2');
  expect(drift).toEqual(['DATABASE_URL does not match the manifest']);
});

it('has SQS of a simulated AWS, until a person writes another address', () => {
  const sqs = platformOf({ orders: 'port: 3001\nbroker: sqs' });
  const own = (current?: string) => deriveServeEnv(sqs, serviceNamed(sqs, 'orders'), {}, current);
  const url = 'BROKER_URL=sqs://eu-central-1/acme-development?endpoint=http://localhost:4566\n';
  expect(own().text).toContain(url);
  expect(own(own().text).drift).toEqual([]);
  const theirs = `PORT=3001\nBROKER_URL=sqs://eu-west-1/mine\n`;
  expect(own(theirs)).toMatchObject({ text: theirs, drift: [] });
  const before = 'PORT=3001\nBROKER_URL=amqp://orders:${ORDERS_BROKER_PASSWORD}@127.0.0.1:13000\n';
  expect(own(before).text).toBe(`PORT=3001\n${url}`);
});
