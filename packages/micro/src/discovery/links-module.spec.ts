import { expect, it } from 'vitest';
import { parsePlatform, serviceNamed } from '../platform/platform';
import { deriveLinksModule } from './links-module';

const platform = parsePlatform('acme', [
  {
    name: 'orders',
    root: 'apps/orders',
    file: 'apps/orders/service.yml',
    text: 'port: 3001\nconsumes: [users]',
  },
  { name: 'users', root: 'apps/users', file: 'apps/users/service.yml', text: 'port: 3002' },
]);
const derive = (name: string, current?: string) =>
  deriveLinksModule(
    serviceNamed(platform, name),
    serviceNamed(platform, name).consumes.map((one) => serviceNamed(platform, one)),
    current,
  );

const orders = `// Kept by \`nx sync\` from service.yml: the services that this one calls.
import * as z from 'zod';

export const links = {
  MICROSERVICE_USERS_URL: z.url(),
};
`;
const users = `// Kept by \`nx sync\` from service.yml: the services that this one calls.
export const links = {};
`;

it('declares every link, and imports nothing without one', () => {
  expect(derive('orders').text).toBe(orders);
  expect(derive('users').text).toBe(users);
});

it("is in step in another workspace's format", () => {
  const formatted = orders.replaceAll("'", '"').replaceAll(';', '').replace('(),', '()');
  expect(derive('orders', formatted)).toMatchObject({ text: formatted, drift: [] });
});

it('says which links came and went', () => {
  expect(derive('users', orders)).toMatchObject({
    text: users,
    drift: ['MICROSERVICE_USERS_URL is not in the manifest'],
  });
  expect(derive('orders', users).drift).toEqual(['MICROSERVICE_USERS_URL is missing']);
  expect(derive('orders', `${orders}\nexport const more = 1;\n`)).toMatchObject({
    text: orders,
    drift: ['it was edited; nx sync replaces it'],
  });
});
