import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Command } from '../../docker/command';
import type { Runner } from '../../effects/process';
import { DONE, FakeCluster, type FakeProgram } from '../../testing/fake-cluster';
import { fakeClock } from '../../testing/service-task';
import { runCommand } from '../../testing/shell';
import { temporaryWorkspace } from '../../testing/temporary-workspace';
import { restoreCommand } from '../restore/command';
import { backupCommand } from './command';

const workspace = (environment = '') =>
  temporaryWorkspace({
    'package.json': '{ "name": "@shop/source" }',
    'environments/live.yml': `engine: kubernetes\ncontext: far\nregistry: reg.example.com\nlockTimeout: 0\n${environment}`,
    'apps/orders/package.json': '{ "name": "orders" }',
    'apps/orders/service.yml': 'port: 3001\ndatastores: { database: postgres, cache: redis }\n',
    'apps/stock/package.json': '{ "name": "stock" }',
    'apps/stock/service.yml': 'port: 3002\ndatastores: { database: mariadb }\n',
  });

/** Answers questions, and dumps. */
const dumping =
  (end: (mark: string) => string = (mark) => mark): FakeProgram =>
  ({ mark, script }, { output }) => {
    if (output)
      return new Promise((resolve) => output.end(`bytes${end(mark)}`, () => resolve(DONE)));
    const isName = script.includes('POSTGRES_DB POSTGRES_USER');
    return Promise.resolve({ ...DONE, stdout: isName ? 'POSTGRES_DB=hidden\n' : '17.5\n' });
  };

function cluster(program = dumping()): FakeCluster {
  const fake = new FakeCluster(program);
  fake.addDatastore('orders-database', { POSTGRES_DB: 'orders' });
  fake.addDatastore('orders-cache', {});
  fake.addDatastore('stock-database', { MARIADB_DATABASE: 'stock' });
  return fake;
}

const backup = (runner: Runner, line = '', root = workspace()) =>
  runCommand(backupCommand, root, `-e live ${line}`, { runner, clock: fakeClock() });

it('dumps what runs in the cluster into the same files as from Compose', async () => {
  const root = workspace();
  const fake = cluster();
  const { exitCode, output } = await backup(fake, '', root);
  expect(exitCode).toBe(0);
  expect(output).toMatch(
    /^✓ {2}orders-database {2}postgres 17\.5 {2}5 B .*\n- {2}orders-cache {2}left out: redis keeps nothing on disk\n✓ {2}stock-database {2}mariadb 17\.5 /,
  );
  const folder = join(root, /into (\S+)$/.exec(output)![1]!);
  expect(readdirSync(folder)).toContain('orders-database.pgdump');
  const manifest = readFileSync(join(folder, 'orders-database.pgdump.json'), 'utf8');
  expect(JSON.parse(manifest)).toMatchObject({
    ...{ service: 'orders', purpose: 'database', engine: 'postgres', database: 'orders' },
    ...{ environment: 'live', image: 'orders-database:1', bytes: 5, isWhole: true },
  });
  expect(fake.lines.every((line) => !line.includes('pg_dump'))).toBe(true);
  const lock = fake.lines.map((line) => line.split(' ')[0]).filter((verb) => verb !== 'get');
  expect(lock[0]).toBe('create');
  expect(lock.at(-1)).toBe('replace');
});

it('asks the container for the name of a database that comes from a Secret', async () => {
  const fake = cluster();
  const pod = fake.objects.find(({ metadata }) => metadata.name === 'orders-database-0')!;
  const spec = pod.spec as { containers: { env: object[] }[] };
  spec.containers[0]!.env = [
    { name: 'POSTGRES_DB', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
  ];
  const root = workspace();
  const { output } = await backup(fake, 'orders-database', root);
  const folder = join(root, /into (\S+)$/.exec(output)![1]!);
  const manifest = readFileSync(join(folder, 'orders-database.pgdump.json'), 'utf8');
  expect(JSON.parse(manifest)).toMatchObject({ database: 'hidden' });
});

it('keeps no dump whose end did not arrive, although kubectl succeeded', async () => {
  const root = workspace();
  const { exitCode, output } = await backup(cluster(dumping(() => '')), 'orders', root);
  expect(exitCode).toBe(1);
  expect(output).toMatch(/✕ {2}orders-database could not be dumped: the connection .* Try again$/m);
  const files = readdirSync(join(root, 'backups'), { recursive: true, withFileTypes: true });
  expect(files.filter((one) => one.isFile()).map(({ name }) => name)).toEqual(['.gitignore']);
});

it('misses a datastore that has no running pod, and says where to look', async () => {
  const { exitCode, output } = await backup(new FakeCluster(dumping()));
  expect(exitCode).toBe(1);
  expect(output).toContain('orders-database  has no running pod: see "npx micro status -e live"');
  expect(output).toContain('the namespace shop-live has no database that can be dumped');
});

/** Answers some commands with an error. */
const refusing = (
  fake: FakeCluster,
  isRefused: (line: string) => boolean,
  stderr: string,
): Runner => ({
  run: (command: Command, options) =>
    isRefused(command.args.slice(4).join(' '))
      ? Promise.resolve({ ...DONE, exitCode: 1, stderr })
      : fake.run(command, options),
});

it.each([
  [
    'a namespace that is not there',
    (line: string) => line.startsWith('get namespace'),
    'Error from server (NotFound): namespaces "shop-live" not found',
    'there is no namespace shop-live: kubectl --context far create namespace shop-live',
    new FakeCluster(),
  ],
  [
    'a cluster that does not answer',
    (line: string) => line.startsWith('get pods'),
    'The connection to the server 10.0.0.1:6443 was refused - did you specify the right host or port?',
    'the cluster of the context far does not answer (10.0.0.1:6443)',
    cluster(),
  ],
])('says what to do about %s', async (_, isRefused, stderr, message, fake) => {
  const root = workspace();
  await expect(
    backup(refusing(fake, isRefused, `${stderr}\n`), '', root).then((told) => {
      throw new Error(told.output);
    }),
  ).rejects.toThrow(message);
  expect(existsSync(join(root, 'backups'))).toBe(false);
});

it('says that the user may not run programs in pods', async () => {
  const stderr =
    'Error from server (Forbidden): pods "orders-database-0" is forbidden: User "ada" cannot create resource "pods/exec" in API group "" in the namespace "shop-live"\n';
  const runner = refusing(cluster(), (line) => line.startsWith('exec'), stderr);
  const { exitCode, output } = await backup(runner, 'orders-database');
  expect(exitCode).toBe(1);
  expect(output).toMatch(
    /orders-database-0 does not answer like postgres: the user of the context far may not do this \(.*pods\/exec.*\)\. Ask for a Role/,
  );
});

it.each([
  [backupCommand, '-e live'],
  [restoreCommand, 'backup -e live --yes'],
])('says that external datastores are backed up where they run', async (command, line) => {
  const root = workspace('datastores: external\n');
  await expect(runCommand(command, root, line, { runner: cluster() })).rejects.toThrow(
    'the datastores of live run outside of the cluster ("datastores: external" in environments/live.yml): back them up and restore them where they run: orders-database (postgres), orders-cache (redis), stock-database (mariadb)',
  );
});
