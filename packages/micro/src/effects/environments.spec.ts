import { expect, it } from 'vitest';
import { temporaryWorkspace } from '../testing/temporary-workspace';
import { readEnvironment, readEnvironmentAlone } from './environments';

const files = {
  'apps/orders/service.yml': 'port: 3001\n',
  'apps/orders/package.json': '{ "name": "@acme/orders" }',
  'environments/production.yml': 'registry: example.com\nservices: { oders: { replicas: 2 } }\n',
  'environments/staging.yml': 'services: { orders: { replicas: 2 } }\n',
};

it('accepts services of the workspace only', () => {
  const root = temporaryWorkspace(files);
  expect(readEnvironment(root, 'staging').services['orders']).toMatchObject({ replicas: 2 });
  expect(() => readEnvironment(root, 'production')).toThrow(
    'environments/production.yml:2: "oders" is not a service of this platform; did you mean "orders"?',
  );
});

it('can be read for its registry alone', () => {
  const root = temporaryWorkspace(files);
  expect(readEnvironmentAlone(root, 'production').registry).toBe('example.com');
});

it('lists the existing environments if the name is unknown', () => {
  const root = temporaryWorkspace(files);
  expect(() => readEnvironment(root, 'stagin')).toThrow(
    'there is no environment "stagin" (environments/stagin.yml); did you mean "staging"?',
  );
});
