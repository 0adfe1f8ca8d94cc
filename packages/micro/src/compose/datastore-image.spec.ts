import { expect, it } from 'vitest';
import { engineOfImage } from './datastore-image';
import { adminUser } from '../platform/account';

it.each([
  ['postgres', 'postgres'],
  ['postgres:16', 'postgres'],
  ['docker.io/library/mongo:8.0@sha256:abc', 'mongodb'],
  ['postgis/postgis:17', undefined],
  ['registry.example.com:5000/mysql:8.4', undefined],
])('%s runs %s', (image, engine) => {
  expect(engineOfImage(image)).toBe(engine);
});

it('uses names of users that every engine accepts', () => {
  expect(adminUser('order-items')).toBe('order_items');
  expect(adminUser(`${'a'.repeat(31)}-b`)).toBe('a'.repeat(31));
});
