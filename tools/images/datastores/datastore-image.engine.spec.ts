import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { backingImage } from '../../../packages/micro/src/compose/datastore-image.js';
import { mustRun, run, succeeded } from '../../command.js';
import { describeEngine } from '../../testing/describe-engine.js';
import { inTemporaryDirectory } from '../temporary-directory.js';
import { ensureDatastoreImage, type DatastoreImage } from './datastore-image.js';

const RABBITMQ_CHECK = backingImage('rabbitmq', 'broker', 'platform').check;
const HEALTHY_WITHIN_MS = 240_000;
/** Docker kills after ten seconds. A container that stops by itself is done long before. */
const STOPS_WITHIN_MS = 5_000;

interface Datastore {
  engine: DatastoreImage;
  environment: Record<string, string>;
  /** Content of /run/secrets/password and of files in /docker-entrypoint-initdb.d. */
  password?: string;
  init?: Record<string, string>;
  check: string;
  /** Default: one that the engine chooses. */
  hostname?: string;
  /** Default `1s`; longer for a check that takes longer itself. */
  checkInterval?: string;
}

/** A container with its own named volume. Both are removed after the test. */
async function start({
  engine,
  environment,
  password,
  init = {},
  check,
  hostname,
  checkInterval = '1s',
}: Datastore) {
  const { ref } = await ensureDatastoreImage(engine);
  const name = `micro-spec-${engine}-${randomUUID().slice(0, 8)}`;
  const volumes = await volumesOf(ref);
  const docker = (...args: string[]) => mustRun('docker', args);
  onTestFinished(async () => {
    await run('docker', ['rm', '--force', '--volumes', name]);
    await run('docker', ['volume', 'rm', name]);
  });
  await inTemporaryDirectory(async (directory) => {
    await mkdir(join(directory, 'init'));
    for (const [file, text] of Object.entries(init)) {
      await writeFile(join(directory, 'init', file), text);
    }
    await writeFile(join(directory, 'password'), `${password ?? ''}\n`);
    await docker(
      ...['create', '--name', name, '--volume', `${name}:${volumes[0]}`],
      ...(hostname === undefined ? [] : ['--hostname', hostname]),
      ...Object.entries(environment).flatMap(([key, value]) => ['--env', `${key}=${value}`]),
      ...['--health-cmd', check, '--health-interval', checkInterval, '--health-retries', '60', ref],
    );
    if (Object.keys(init).length > 0) {
      await docker('cp', `${directory}/init/.`, `${name}:/docker-entrypoint-initdb.d/`);
    }
    await docker('cp', join(directory, 'password'), `${name}:/etc/password`);
  });
  await docker('start', name);
  await becomesHealthy(name);
  return {
    /** Runs a shell command in the container, and returns its trimmed output. */
    shell: async (command: string) => (await docker('exec', name, 'sh', '-c', command)).trim(),
    fails: async (command: string) =>
      !succeeded(await run('docker', ['exec', name, 'sh', '-c', command])),
    logs: async () => {
      const { stdout, stderr } = await run('docker', ['logs', name]);
      return stdout + stderr;
    },
    /** Milliseconds until it had ended, and its exit code. */
    stop: async () => {
      const begun = Date.now();
      await docker('stop', name);
      const took = Date.now() - begun;
      const code = await docker('inspect', '--format', '{{.State.ExitCode}}', name);
      return { took, code: Number(code) };
    },
    startAgain: async () => {
      await docker('start', name);
      await becomesHealthy(name);
    },
  };
}

async function volumesOf(ref: string): Promise<string[]> {
  const format = '{{json .Config.Volumes}}';
  const stdout = await mustRun('docker', ['image', 'inspect', '--format', format, ref]);
  return Object.keys(JSON.parse(stdout) as Record<string, unknown>);
}

async function becomesHealthy(name: string): Promise<void> {
  const deadline = Date.now() + HEALTHY_WITHIN_MS;
  const format = '{{.State.Status}} {{.State.Health.Status}}';
  for (;;) {
    const state = (await mustRun('docker', ['inspect', '--format', format, name])).trim();
    if (state === 'running healthy') return;
    if (state.startsWith('exited') || Date.now() > deadline) {
      const { stdout, stderr } = await run('docker', ['logs', name]);
      throw new Error(`${name} is ${state}:\n${stdout}${stderr}`);
    }
    await sleep(200);
  }
}

/** The user of process 1, and its capabilities. */
const PROCESS_ONE = 'cat /proc/1/comm && grep -E "^(Uid|CapEff):" /proc/1/status';

describeEngine('images of datastores', () => {
  it('postgres behaves like the official image', async () => {
    const database = await start({
      engine: 'postgres',
      environment: {
        POSTGRES_USER: 'orders',
        POSTGRES_PASSWORD_FILE: '/etc/password',
        POSTGRES_DB: 'shop',
      },
      password: `it's a "secret" & $more`,
      init: {
        '1-table.sql': 'CREATE TABLE item (name text);',
        '2-listen.sh': `psql -U orders -d shop -c "INSERT INTO item SELECT '<' || setting || '>' FROM pg_settings WHERE name = 'listen_addresses'"\n`,
      },
      check: 'pg_isready --host=127.0.0.1 --username=orders --dbname=shop',
    });
    const ask = (sql: string) =>
      `PGPASSWORD="$(cat /etc/password)" psql -h "$(hostname)" -U orders -d shop -Atc "${sql}"`;
    // While it set up its data, it listened on the local socket only.
    expect(await database.shell(ask('SELECT name FROM item'))).toBe('<>');
    expect(await database.fails(ask('SELECT 1').replace('cat /etc', 'echo /etc'))).toBe(true);
    expect(await database.shell(PROCESS_ONE)).toMatch(
      /^postgres\nUid:\t999\t999\t999\t999\nCapEff:\t0+$/,
    );
    await database.shell(ask("INSERT INTO item VALUES ('kept')"));
    expect(await database.logs()).not.toContain('secret');
    const { took, code } = await database.stop();
    expect(code).toBe(0);
    expect(took).toBeLessThan(STOPS_WITHIN_MS);
    await database.startAgain();
    expect(await database.shell(ask('SELECT name FROM item'))).toBe('<>\nkept');
  });

  it('postgres refuses to start without a password', async () => {
    await expect(
      start({ engine: 'postgres', environment: {}, check: 'pg_isready' }),
    ).rejects.toThrow('POSTGRES_PASSWORD');
  });

  it('mariadb behaves like the official image', async () => {
    const database = await start({
      engine: 'mariadb',
      environment: {
        MARIADB_USER: 'orders',
        MARIADB_PASSWORD_FILE: '/etc/password',
        MARIADB_DATABASE: 'my_shop',
        MARIADB_RANDOM_ROOT_PASSWORD: 'yes',
      },
      password: `it's a \\ "secret" & $more`,
      init: {
        '1-table.sql': 'CREATE TABLE item (name text);',
        '2-listen.sql': 'INSERT INTO item SELECT @@skip_networking;',
      },
      check: 'healthcheck.sh --connect --innodb_initialized',
    });
    const ask = (sql: string) =>
      `MYSQL_PWD="$(cat /etc/password)" mariadb -h "$(hostname -i)" -u orders my_shop -sNe "${sql}"`;
    expect(await database.shell(ask('SELECT name FROM item'))).toBe('1');
    expect(await database.fails(ask('SELECT 1').replace('cat /etc', 'echo /etc'))).toBe(true);
    expect(await database.fails(ask('CREATE DATABASE other'))).toBe(true);
    expect(await database.shell(PROCESS_ONE)).toMatch(
      /^mariadbd\nUid:\t999\t999\t999\t999\nCapEff:\t0+$/,
    );
    await database.shell(ask("INSERT INTO item VALUES ('kept')"));
    const { took, code } = await database.stop();
    expect(code).toBe(0);
    expect(took).toBeLessThan(STOPS_WITHIN_MS);
    await database.startAgain();
    expect(await database.shell(ask('SELECT name FROM item'))).toBe('1\nkept');
  });

  it('mariadb accepts the variables of mysql, and a root password', async () => {
    const database = await start({
      engine: 'mariadb',
      environment: { MYSQL_ROOT_PASSWORD: 'secret', MYSQL_DATABASE: 'shop' },
      check: 'healthcheck.sh --connect --innodb_initialized',
    });
    const ask = 'mariadb -h "$(hostname -i)" -u root shop -sNe "SELECT CURRENT_USER()"';
    expect(await database.shell(`MYSQL_PWD=secret ${ask}`)).toBe('root@%');
    expect(await database.fails(`MYSQL_PWD=other ${ask}`)).toBe(true);
    expect(await database.fails('mariadb -u root -e "SELECT 1"')).toBe(true);
  });

  it('redis behaves like the official image', async () => {
    const cache = await start({
      engine: 'redis',
      environment: {},
      check: 'redis-cli ping | grep -q PONG',
    });
    expect(await cache.shell('redis-cli -h "$(hostname -i)" set name kept')).toBe('OK');
    expect(await cache.shell(PROCESS_ONE)).toMatch(
      /^redis-server\nUid:\t999\t999\t999\t999\nCapEff:\t0+$/,
    );
    await cache.shell('redis-cli save');
    const { took, code } = await cache.stop();
    expect(code).toBe(0);
    expect(took).toBeLessThan(STOPS_WITHIN_MS);
    await cache.startAgain();
    expect(await cache.shell('redis-cli get name')).toBe('kept');
  });

  it('rabbitmq behaves like the official image', async () => {
    const broker = await start({
      engine: 'rabbitmq',
      environment: { RABBITMQ_DEFAULT_USER: 'platform', RABBITMQ_DEFAULT_PASS: 'secret' },
      check: RABBITMQ_CHECK,
      hostname: 'broker',
      checkInterval: '4s',
    });
    expect(await broker.shell('rabbitmqctl authenticate_user platform secret')).toContain(
      'Success',
    );
    expect(await broker.fails('rabbitmqctl authenticate_user platform other')).toBe(true);
    expect(await broker.fails('rabbitmqctl authenticate_user guest guest')).toBe(true);
    expect(await broker.shell(PROCESS_ONE)).toMatch(
      /^rabbitmq-server\nUid:\t999\t999\t999\t999\nCapEff:\t0+$/,
    );
    await broker.shell('rabbitmqctl add_vhost kept');
    // More than any disk has, so that nobody can publish, and the check must fail.
    await broker.shell('rabbitmqctl set_disk_free_limit 900000GB');
    await expect.poll(() => broker.fails(RABBITMQ_CHECK), { timeout: 60_000 }).toBe(true);
    expect(await broker.fails('rabbitmq-diagnostics -q check_running')).toBe(false);
    await broker.shell('rabbitmqctl set_disk_free_limit 50MB');
    await expect.poll(() => broker.fails(RABBITMQ_CHECK), { timeout: 60_000 }).toBe(false);
    expect(await broker.logs()).not.toContain('secret');
    const { took, code } = await broker.stop();
    expect(code).toBe(0);
    expect(took).toBeLessThan(STOPS_WITHIN_MS);
    await broker.startAgain();
    expect(await broker.shell('rabbitmqctl list_vhosts')).toContain('kept');
  });
});
