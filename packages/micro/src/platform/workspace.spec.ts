import { expect, test } from 'vitest';
import { readPlatform, readPlatformName, type ReadFile } from './workspace';

function folder(files: Record<string, string>): ReadFile {
  return (path) => files[path];
}

test.each<[string, Record<string, string>]>([
  ['acme', { 'compose.yaml': 'name: acme\n', 'package.json': '{"name":"@other/source"}' }],
  ['other', { 'compose.yaml': 'services: {}', 'package.json': '{"name":"@other/source"}' }],
  ['other', { 'compose.yaml': 'name: [', 'package.json': '{"name":"@other/source"}' }],
  ['my-shop', { 'package.json': '{"name":"my_shop"}' }],
  ['platform', { 'package.json': '{}' }],
  ['platform', {}],
])("the platform's name is %s in %j", (name, files) => {
  expect(readPlatformName(folder(files))).toBe(name);
});

test('projects with a service.yml are services', () => {
  const read = folder({
    'package.json': '{"name":"@acme/source"}',
    'apps/orders/service.yml': 'port: 3001',
  });
  const projects = [
    { name: 'orders', root: 'apps/orders' },
    { name: 'shared', root: 'libs/shared' },
  ];
  const { name, services } = readPlatform(projects, read);
  expect(name).toBe('acme');
  expect(services.map(({ name, root }) => [name, root])).toEqual([['orders', 'apps/orders']]);
});
