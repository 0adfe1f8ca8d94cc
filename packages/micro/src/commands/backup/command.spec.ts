import { FakeVolumes } from '../../testing/fake-volumes';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Runner } from '../../effects/process';
import { fakeClock } from '../../testing/service-task';
import { runCommand } from '../../testing/shell';
import { temporaryWorkspace } from '../../testing/temporary-workspace';
import { restoreCommand } from '../restore/command';
import { backupCommand } from './command';

const workspace = () =>
  temporaryWorkspace({
    'package.json': '{ "name": "@shop/source" }',
    'environments/development.yml': 'context: far\n',
    'apps/orders/package.json': '{ "name": "orders" }',
    'apps/orders/service.yml': 'port: 3001\ndatastores:\n  database: postgres\n',
    'apps/stock/package.json': '{ "name": "stock" }',
    'apps/stock/service.yml': 'port: 3002\ndatastores:\n  database: mariadb\n',
  });

const container = (service: string, environment: string) => ({
  Id: service,
  Name: `/shop-${service}-1`,
  RestartCount: 0,
  Image: 'sha256:x',
  State: { Status: 'running' },
  Config: {
    Labels: { 'com.docker.compose.service': service },
    Env: [environment, 'POSTGRES_PASSWORD=hidden'],
    Image: `${service}:1`,
  },
  NetworkSettings: { Networks: null },
});

const CONTAINERS = [
  container('orders-database', 'POSTGRES_DB=orders'),
  container('stock-database', 'MARIADB_DATABASE=stock'),
];

const LOCK = {
  user: 'bob@desk',
  pid: 7,
  run: 'desk:6',
  command: 'compose-deploy of orders',
  id: 'theirs',
  since: '2026-11-21T12:00:00Z',
};

/** An engine whose databases are dumped as `dump` says; `end` is what is behind a dump, its mark as a rule. */
function engine(
  dump: (service: string) => Promise<number>,
  {
    containers = CONTAINERS,
    held = false,
    end = (mark) => mark,
  }: { containers?: readonly unknown[]; held?: boolean; end?: (mark: string) => string } = {},
): Runner & { lines: string[] } {
  const lines: string[] = [];
  const volumes = new FakeVolumes();
  let looks = 1;
  return {
    lines,
    run: async ({ args }, options = {}) => {
      lines.push(args.join(' '));
      const answer = (stdout: string) => ({ exitCode: 0, stdout, stderr: '' });
      if (args.includes('volume')) {
        if (held && args.includes('ls')) {
          const name = 'shop-development.lock';
          volumes.labels.set(name, { 'org.micro.lock': JSON.stringify(LOCK) });
          volumes.labels.set(`${name}.${looks}`, { 'org.micro.lock.beat': `theirs ${looks++}` });
        }
        return { ...answer(''), ...volumes.answer('', { file: 'docker', args }) };
      }
      if (args.includes('ls')) return answer('a\n');
      if (args.includes('inspect')) return answer(JSON.stringify(containers));
      if (!options.output) return answer('17.5\n');
      const { output } = options;
      await new Promise((resolve) => output.write('half', resolve));
      const exitCode = await dump(args.find((one) => one.endsWith('-database'))!);
      await new Promise<void>((resolve) =>
        output.end(` and half${exitCode === 0 ? end(args.at(-1)!) : ''}`, () => resolve()),
      );
      return { exitCode, stdout: '', stderr: exitCode === 0 ? '' : 'pg_dump: error: no' };
    },
  };
}

const filesOf = (root: string) =>
  readdirSync(join(root, 'backups'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== '.gitignore')
    .map(({ name }) => name)
    .sort();

it('dumps the datastores of the environment, and reports what was dumped', async () => {
  const root = workspace();
  const runner = engine(() => Promise.resolve(0));
  const { exitCode, output } = await runCommand(backupCommand, root, 'orders', { runner });
  expect(exitCode).toBe(0);
  expect(output).toMatch(
    /^✓ {2}orders-database {2}postgres 17\.5 {2}13 B {2}\d\.\d s {2}orders-database\.pgdump\nbacked up into (\S+)$/,
  );
  expect(runner.lines.every((line) => line.startsWith('--context far '))).toBe(true);
  expect([output, ...runner.lines].join()).not.toContain('hidden');
  const [, folder] = /into (\S+)$/.exec(output)!;
  expect(
    JSON.parse(readFileSync(join(root, folder!, 'orders-database.pgdump.json'), 'utf8')),
  ).toMatchObject({ database: 'orders', image: 'orders-database:1', bytes: 13 });
});

it('continues after a failure, and exits with 1', async () => {
  const root = workspace();
  const runner = engine((id) => Promise.resolve(id === 'orders-database' ? 1 : 0));
  const { exitCode, output } = await runCommand(backupCommand, root, '', { runner });
  expect(exitCode).toBe(1);
  expect(output).toMatch(
    /^✕ {2}orders-database could not be dumped \(exit code 1\): pg_dump: error/,
  );
  expect(filesOf(root)).toEqual(['stock-database.sql', 'stock-database.sql.json']);
});

it.each([
  ['has no end', () => ''],
  ['has a part of its end', (mark: string) => mark.slice(0, -1)],
])('keeps no dump that %s, although its program succeeded', async (_, end) => {
  const root = workspace();
  const runner = engine(() => Promise.resolve(0), { end });
  const { exitCode, output } = await runCommand(backupCommand, root, 'orders', { runner });
  expect(exitCode).toBe(1);
  expect(output).toMatch(
    /^✕ {2}orders-database could not be dumped: the connection to the engine ended before the dump did\. Try again$/m,
  );
  expect(filesOf(root)).toEqual([]);
});

it('keeps complete dumps if it is interrupted, and no partial one', async () => {
  const root = workspace();
  const ended = new AbortController();
  const runner = engine((id) => {
    if (id === 'orders-database') return Promise.resolve(0);
    ended.abort();
    return Promise.reject(new Error('aborted'));
  });
  await expect(
    runCommand(backupCommand, root, '', { runner, signal: ended.signal }),
  ).rejects.toThrow('micro backup was interrupted: stock-database has no dump');
  expect(filesOf(root)).toEqual(['orders-database.pgdump', 'orders-database.pgdump.json']);
});

it('makes no folder if nothing can be dumped', async () => {
  const root = workspace();
  const runner = engine(() => Promise.resolve(0), { containers: [] });
  const { exitCode, output } = await runCommand(backupCommand, root, '', { runner });
  expect(output).toMatch(
    /orders-database {2}has no running container: start it\n[^]*shop-development/,
  );
  expect(exitCode).toBe(1);
  expect(existsSync(join(root, 'backups'))).toBe(false);
});

it('keeps deploys away while it dumps, and until then only', async () => {
  const runner = engine(() => Promise.resolve(0));
  await runCommand(backupCommand, workspace(), '', { runner });
  const steps = runner.lines.flatMap(
    (line) => /volume (?:create|rm)|pg_dump|-dump /.exec(line) ?? [],
  );
  expect(steps).toEqual(['volume create', 'pg_dump', '-dump ', 'volume rm']);
});

it('runs beside a deploy with --no-lock', async () => {
  const runner = engine(() => Promise.resolve(0), { held: true });
  const { exitCode } = await runCommand(backupCommand, workspace(), '--no-lock', { runner });
  expect(exitCode).toBe(0);
});

it('waits for a deploy, and ends with its name', async () => {
  const root = workspace();
  const runner = engine(() => Promise.resolve(0), { held: true });
  await expect(runCommand(backupCommand, root, '', { runner, clock: fakeClock() })).rejects.toThrow(
    'the lock of shop-development is held by bob@desk since 12:00:00 UTC (pid 7: compose-deploy of orders): wait, or take the lock with --break-lock',
  );
  expect(existsSync(join(root, 'backups'))).toBe(false);
});

it('stops waiting if it is interrupted', async () => {
  const runner = engine(() => Promise.resolve(0), { held: true });
  const ended = new AbortController();
  const clock = fakeClock();
  const sleep = (milliseconds: number) => (ended.abort(), clock.sleep(milliseconds));
  await expect(
    runCommand(backupCommand, workspace(), '', {
      runner,
      signal: ended.signal,
      clock: { ...clock, sleep },
    }),
  ).rejects.toThrow(/^micro backup was interrupted$/);
});

it('restore asks which backup', async () => {
  await expect(runCommand(restoreCommand, workspace(), '--yes')).rejects.toThrow(
    /^which backup\?\n\nusage: micro restore/,
  );
});
