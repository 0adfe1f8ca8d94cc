import { expect, it } from 'vitest';
import { parsePlatform, serviceNamed } from '../platform/platform';
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
const derive = (current?: string) =>
  deriveServeEnv(platform, serviceNamed(platform, 'orders'), current);

const created = `# \`nx sync\` keeps PORT and MICROSERVICE_*_URL as service.yml says; all else is yours.
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
