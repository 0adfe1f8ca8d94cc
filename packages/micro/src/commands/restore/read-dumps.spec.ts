import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryWorkspace } from '../../testing/temporary-workspace';
import { readDumps } from './read-dumps';

const manifest = (service: string) =>
  JSON.stringify({
    kind: 'micro-backup',
    file: `${service}-database.pgdump`,
    service,
    purpose: 'database',
    engine: 'postgres',
    serverVersion: '17.5',
    image: 'postgres:17-bookworm',
    database: service,
    environment: 'production',
    since: '2026-11-21T12:00:00.000Z',
    bytes: 1000,
    sha256: 'a'.repeat(64),
  });

const FILES = {
  'backup/orders-database.pgdump': '',
  'backup/orders-database.pgdump.json': manifest('orders'),
  'backup/users-database.pgdump.json': manifest('users'),
  'backup/half-database.pgdump': '',
  'empty/.gitignore': '',
  'wrong/package.json': '{}',
  'broken/a.json': '{',
  'outside/a.json': manifest('orders').replace('"orders-', '"../orders-'),
};

const read = (path: string) =>
  readDumps(join(temporaryWorkspace(FILES), path)).map(({ manifest }) => manifest.service);

it.each([
  ['backup', ['orders', 'users']],
  ['backup/orders-database.pgdump', ['orders']],
  ['backup/orders-database.pgdump.json', ['orders']],
])('%s', (path, services) => {
  expect(read(path)).toEqual(services);
});

it.each([
  ['nowhere', /nowhere does not exist: give the folder of a backup, or a dump$/],
  ['backup/half-database.pgdump', /half-database.pgdump.json does not exist: without it, nobody/],
  ['empty', /empty has no dump with a manifest/],
  ['wrong', /wrong.package.json is not the manifest of a dump$/],
  ['broken', /a.json is not the manifest of a dump$/],
  ['outside', /a.json is not the manifest of a dump$/],
])('%s is refused', (path, message) => {
  expect(() => read(path)).toThrow(message);
});
