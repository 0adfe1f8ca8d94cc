import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { migrateMysql } from './migrations-mysql.js';
import { migratePostgres } from './migrations-postgres.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'migrations-'));
});
afterEach(() => rm(directory, { recursive: true }));

const nowhere = 'postgres://me:hunter2@127.0.0.1:1/orders';

it('reports the problems of the files before it connects', async () => {
  await writeFile(join(directory, '1-create.sql'), 'SELECT 1');
  await writeFile(join(directory, 'README.md'), '# not a migration');
  const run = migratePostgres({ url: nowhere, directory });
  await expect(run).rejects.toThrow('1-create.sql: must be named like 0001-create-orders.sql');
});

it('says that the directory is missing', async () => {
  const run = migratePostgres({ url: nowhere, directory: join(directory, 'none') });
  await expect(run).rejects.toThrow('none: cannot be read (ENOENT)');
});

it.each([
  ['postgres', nowhere],
  ['mysql', 'mysql://me:hunter2@127.0.0.1:1/orders'],
  ['mysql', 'mariadb://me:hunter2@127.0.0.1:1/orders'],
] as const)('says that %s cannot be reached, without the password', async (engine, url) => {
  const migrate = engine === 'mysql' ? migrateMysql : migratePostgres;
  const message = await migrate({ url, directory }).then(
    () => 'applied',
    (error: Error) => error.message,
  );
  expect(message).toContain(`${engine} cannot be reached: connect ECONNREFUSED`);
  expect(message).not.toContain('hunter2');
});

it('needs no directory for only the tables for events', async () => {
  const run = migratePostgres({ url: nowhere, eventTables: true });
  await expect(run).rejects.toThrow('postgres cannot be reached');
});

it('refuses a URL of another engine', async () => {
  const run = migrateMysql({ url: nowhere, directory });
  await expect(run).rejects.toThrow('must look like mysql://');
});
