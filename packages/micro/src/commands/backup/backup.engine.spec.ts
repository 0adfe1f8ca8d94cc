import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ensureDatastoreImage } from '../../../../../tools/images/datastores/datastore-image';
import { describeEngine } from '../../../../../tools/testing/describe-engine';
import { deriveRootCompose } from '../../compose/root-compose';
import { requiredSecrets } from '../../compose/env-secrets';
import { deriveServiceCompose } from '../../compose/service-compose';
import { engineRunner } from '../../effects/engine-runner';
import type { Runner } from '../../effects/process';
import { docker, EngineWorkspace } from '../../testing/engine-workspace';
import { platformOf } from '../../testing/platform';
import { runCommand } from '../../testing/shell';
import { restoreCommand } from '../restore/command';
import type { Shell } from '../shell';
import { backupCommand } from './command';
import type { DumpManifest } from './manifest';

const MANIFESTS = {
  orders: 'port: 3001\ndatastores: { database: postgres, cache: redis }\n',
  stock: 'port: 3002\ndatastores: { database: mariadb }\n',
};

/** Rows that a dump can get wrong: quotes, line ends, nothing, letters of everywhere, bytes. */
const ROWS = `(1, 'it''s', 'x'), (2, 'two\nlines;', NULL), (3, 'Grüße 🚀', '')`;

/** After which a command is ended, before its test is: it would hold the lock that the next one needs. */
const MOST_MILLISECONDS = 200_000;

describeEngine('backup and restore', () => {
  let workspace: EngineWorkspace;
  let project: string;
  const password = randomBytes(24).toString('hex');

  const compose = (...args: string[]) =>
    execFileSync(
      'docker',
      [
        ...['compose', '--project-name', project],
        ...['--project-directory', workspace.root, '--file', join(workspace.root, 'compose.yaml')],
        ...args,
      ],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
    );
  const idOf = (service: string) => workspace.containerIds(service)[0]!;
  const inside = (service: string, script: string, input = '') =>
    execFileSync('docker', ['exec', '--interactive', idOf(service), 'bash', '-c', script], {
      encoding: 'utf8',
      input,
      stdio: ['pipe', 'pipe', 'pipe'],
    }).trim();
  const postgres = (statement: string) =>
    inside('orders-database', 'psql -U orders -d orders -qAt -v ON_ERROR_STOP=1', statement);
  const mariadb = (statement: string) =>
    inside(
      'stock-database',
      'MYSQL_PWD=$MARIADB_PASSWORD mariadb -u stock -h 127.0.0.1 --default-character-set=utf8mb4 -N stock',
      statement,
    );

  /** Commands of the present test that run. */
  const running = new Map<Promise<unknown>, AbortController>();
  const micro = (command: typeof backupCommand, line: string, more: Partial<Shell> = {}) => {
    const end = new AbortController();
    const timer = setTimeout(() => end.abort(), MOST_MILLISECONDS);
    const run = runCommand(command, workspace.root, line, { signal: end.signal, ...more }).finally(
      () => (clearTimeout(timer), running.delete(run)),
    );
    running.set(run, end);
    return run;
  };
  /** The new backup's folder, relative to the workspace. */
  const backup = async (line = '') => {
    const { exitCode, output } = await micro(backupCommand, line);
    expect(output).toMatch(/backed up into \S+$/);
    expect(exitCode).toBe(0);
    return /backed up into (\S+)$/.exec(output)![1]!;
  };
  const locks = () =>
    docker('volume', 'ls', '--quiet', '--filter', `label=org.micro.project=${project}`);
  const files = (folder: string) => readdirSync(join(workspace.root, folder)).sort();

  beforeAll(async () => {
    for (const engine of ['postgres', 'mariadb', 'redis'] as const) {
      await ensureDatastoreImage(engine);
    }
    workspace = new EngineWorkspace();
    project = `${workspace.platform}-development`;
    const platform = platformOf(MANIFESTS, workspace.platform);
    workspace.write({
      'package.json': `{ "name": "@${workspace.platform}/source" }`,
      'compose.yaml': deriveRootCompose(platform, undefined, (path) => path.startsWith('apps/'))
        .text,
      '.env': requiredSecrets(platform)
        .map((name) => `${name}=${password}\n`)
        .join(''),
    });
    for (const service of platform.services) {
      const { path, text } = deriveServiceCompose(platform, service, undefined);
      workspace.write({
        [path]: text,
        [`${service.root}/package.json`]: `{ "name": "${service.name}" }`,
        [`${service.root}/service.yml`]: MANIFESTS[service.name as keyof typeof MANIFESTS],
      });
    }
    compose(
      ...['up', '--detach', '--no-deps', '--wait', '--wait-timeout', '300'],
      ...['orders-database', 'orders-cache', 'stock-database'],
    );
    postgres(`CREATE EXTENSION IF NOT EXISTS plpgsql;
      CREATE SCHEMA audit;
      CREATE TYPE state AS ENUM ('open', 'paid');
      CREATE TABLE item (id serial PRIMARY KEY, name text NOT NULL, note text, state state DEFAULT 'open');
      CREATE TABLE audit.entry (item int REFERENCES item, at timestamptz DEFAULT now());
      CREATE VIEW paid AS SELECT * FROM item WHERE state = 'paid';
      INSERT INTO item VALUES ${ROWS};
      SELECT setval('item_id_seq', 3);
      INSERT INTO item (name) SELECT md5(g::text) FROM generate_series(1, 50000) g;
      INSERT INTO audit.entry (item) SELECT id FROM item WHERE id % 100 = 0;`);
    mariadb(`CREATE TABLE item (id int AUTO_INCREMENT PRIMARY KEY, name varchar(99) NOT NULL, note blob) CHARSET utf8mb4;
      INSERT INTO item VALUES ${ROWS};
      INSERT INTO item (name, note) SELECT md5(seq), unhex(md5(seq)) FROM seq_1_to_50000;
      CREATE TABLE gone (id int);
      CREATE TRIGGER marked BEFORE INSERT ON gone FOR EACH ROW SET NEW.id = NEW.id + 1;`);
  });

  afterAll(() => {
    if (!workspace) return;
    if (project) compose('down', '--volumes', '--timeout', '5');
    workspace.remove();
  });

  afterEach(async () => {
    for (const end of running.values()) end.abort();
    await Promise.allSettled(running.keys());
    expect(locks()).toBe('');
  });

  /** Everything that the tables hold, and what is there beside them. */
  const contents = {
    'orders-database': () =>
      postgres(`SELECT count(*), md5(string_agg(concat_ws('|', id, name, coalesce(note, '<null>'), state), ',' ORDER BY id)) FROM item;
        SELECT count(*), max(at), min(item) FROM audit.entry; SELECT last_value FROM item_id_seq;
        SELECT count(*) FROM paid;
        SELECT string_agg(schemaname || '.' || tablename, ',' ORDER BY 1) FROM pg_tables WHERE schemaname !~ '^(pg_|information_schema)';
        SELECT nspowner::regrole, nspacl FROM pg_namespace WHERE nspname = 'public';`),
    'stock-database': () =>
      mariadb(`SET group_concat_max_len = 1000000000;
        SELECT count(*), md5(group_concat(concat_ws('|', id, name, ifnull(hex(note), '<null>')) ORDER BY id)) FROM item;
        SELECT table_name, auto_increment FROM information_schema.tables WHERE table_schema = 'stock' ORDER BY 1;
        SELECT trigger_name, action_statement FROM information_schema.triggers WHERE trigger_schema = 'stock';
        SELECT default_character_set_name, default_collation_name FROM information_schema.schemata WHERE schema_name = 'stock';`),
  };

  const destroy = () => {
    postgres(`DELETE FROM audit.entry; DELETE FROM item WHERE id > 1; DROP VIEW paid;
      UPDATE item SET name = 'wrong'; ALTER TABLE item ADD COLUMN later int;
      CREATE TABLE later (item int REFERENCES item);`);
    mariadb(`DROP TABLE gone; DELETE FROM item WHERE id > 1; UPDATE item SET name = 'wrong';
      CREATE TABLE later (id int);`);
  };

  const both = () => Object.values(contents).map((read) => read());

  it('restores the same rows, and nothing that was added since', async () => {
    const before = both();
    const folder = await backup();
    expect(files(folder)).toEqual([
      'orders-database.pgdump',
      'orders-database.pgdump.json',
      'stock-database.sql',
      'stock-database.sql.json',
    ]);
    destroy();
    expect([postgres('SELECT name FROM item'), mariadb('SELECT name FROM item')]).toEqual([
      'wrong',
      'wrong',
    ]);
    const { exitCode, output } = await micro(restoreCommand, `${folder} --yes`);
    expect(output).toMatch(/✓ {2}orders-database {2}restored/);
    expect(output).toMatch(/✓ {2}stock-database {2}restored/);
    expect(exitCode).toBe(0);
    expect(both()).toEqual(before);
    // What is there is whole for those who come next: it can be dumped and restored once more.
    const again = await backup();
    destroy();
    expect((await micro(restoreCommand, `${again} --yes`)).exitCode).toBe(0);
    expect(both()).toEqual(before);
  });

  it('says what it left out, keeps dumps private and out of git, and prints no password', async () => {
    const lines: string[] = [];
    const runner = recording(engineRunner(workspace.root), lines);
    const { output } = await micro(backupCommand, '--to kept', { runner });
    expect(output).toMatch(/^- {2}orders-cache {2}left out: redis keeps nothing on disk$/m);
    const folder = /backed up into (\S+)$/.exec(output)![1]!;
    for (const file of files(folder)) {
      expect(statSync(join(workspace.root, folder, file)).mode & 0o777).toBe(0o600);
    }
    expect(workspace.read('kept/.gitignore')).toBe('*\n');
    const manifest = JSON.parse(
      workspace.read(`${folder}/orders-database.pgdump.json`),
    ) as DumpManifest;
    expect(manifest).toMatchObject({ service: 'orders', purpose: 'database', engine: 'postgres' });
    expect(manifest.serverVersion).toMatch(/^\d+\.\d+/);
    expect(lines.filter((line) => line.includes('pg_dump'))).toHaveLength(1);
    expect([output, ...lines, JSON.stringify(manifest)].join('\n')).not.toContain(password);
  });

  it.each([
    ['orders-database', 'pgdump'],
    ['stock-database', 'sql'],
  ])('leaves %s as it was if the dump was changed after it was made', async (name, extension) => {
    const before = both();
    const folder = await backup(name);
    appendFileSync(join(workspace.root, folder, `${name}.${extension}`), 'x');
    await expect(micro(restoreCommand, `${folder} --yes`)).rejects.toThrow(
      /nothing was restored:\s+\S+ was changed after it was dumped: its sha256 is/,
    );
    expect(both()).toEqual(before);
  });

  it('leaves PostgreSQL as it was if a dump that looks complete breaks off', async () => {
    const before = contents['orders-database']();
    const folder = await backup('orders');
    const file = join(workspace.root, folder, 'orders-database.pgdump');
    const half = Math.floor(statSync(file).size / 2);
    execFileSync('truncate', ['--size', String(half), file]);
    const [sha256] = execFileSync('sha256sum', [file], { encoding: 'utf8' }).split(' ');
    const manifest = JSON.parse(workspace.read(`${folder}/orders-database.pgdump.json`)) as object;
    workspace.write({
      [`${folder}/orders-database.pgdump.json`]: JSON.stringify({ ...manifest, sha256 }),
    });
    await expect(micro(restoreCommand, `${folder} --yes`)).rejects.toThrow(
      /pg_restore: error[^]*orders-database still has the old data: the restore is one transaction/,
    );
    expect(contents['orders-database']()).toBe(before);
  });

  it('says that MariaDB is half restored, and restores it with the command in the message', async () => {
    const before = contents['stock-database']();
    const folder = await backup('stock');
    const file = `${folder}/stock-database.sql`;
    const broken = workspace.read(file).replace('CREATE TABLE `item`', 'CREATE TABEL `item`');
    workspace.write({ [file]: broken });
    const [sha256] = execFileSync('sha256sum', [join(workspace.root, file)], {
      encoding: 'utf8',
    }).split(' ');
    const manifest = JSON.parse(workspace.read(`${file}.json`)) as object;
    workspace.write({ [`${file}.json`]: JSON.stringify({ ...manifest, sha256 }) });
    const error = await micro(restoreCommand, `${folder} --yes`).then(
      () => undefined,
      (reason: Error) => reason.message,
    );
    expect(error).toMatch(/ERROR 1064[^]*stock-database is half replaced: mariadb cannot replace/);
    expect(contents['stock-database']).toThrow();
    const [, goBack] = /bring the old data back, run "npx micro restore (.+)"/.exec(error!)!;
    expect((await micro(restoreCommand, goBack!)).exitCode).toBe(0);
    expect(contents['stock-database']()).toBe(before);
  });

  describe('a dump that is killed', () => {
    /** Ends the docker command that dumps, once bytes come. */
    const killing = (): Runner => {
      const real = engineRunner(workspace.root);
      return {
        run: async (command, options) => {
          if (!options?.output) return real.run(command, options);
          const controller = new AbortController();
          options.output.once('data', () => controller.abort());
          return real.run(command, { ...options, signal: controller.signal });
        },
      };
    };

    it("leaves no file under the dump's name, and the data as it was", async () => {
      const before = both();
      const { exitCode, output } = await micro(backupCommand, '--to killed', { runner: killing() });
      expect(output.match(/✕/g)).toHaveLength(2);
      expect(exitCode).toBe(1);
      const [time] = files('killed/development');
      expect(files(`killed/development/${time}`)).toEqual([]);
      expect(both()).toEqual(before);
    });

    it('exits with 1 if one failed, and has the others', async () => {
      const before = both();
      const real = engineRunner(workspace.root);
      const runner: Runner = {
        run: (command, options) => {
          const [script, mark] = command.args.slice(-2) as [string, string];
          if (!options?.output || !script.includes('mariadb-dump')) {
            return real.run(command, options);
          }
          // Dies of SIGPIPE in the container, after a part of it came.
          const dying = script.replace(' &&\n', ' | head --bytes=100000 &&\n');
          const args = [...command.args.slice(0, -2), dying, mark];
          return real.run({ ...command, args }, options);
        },
      };
      const { exitCode, output } = await micro(backupCommand, '--to some', { runner });
      expect(output).toMatch(/✓ {2}orders-database/);
      expect(output).toMatch(/✕ {2}stock-database could not be dumped/);
      expect(exitCode).toBe(1);
      const [time] = files('some/development');
      expect(files(`some/development/${time}`)).toEqual([
        'orders-database.pgdump',
        'orders-database.pgdump.json',
      ]);
      expect(both()).toEqual(before);
    });
  });

  it('does not run while a deploy holds the lock, unless the lock is taken away', async () => {
    workspace.write({ 'environments/development.yml': 'lockTimeout: 0\n' });
    const before = both();
    const folder = await backup();
    postgres(`UPDATE item SET note = 'since'`);
    const since = both();
    const ours = `org.micro.project=${project}`;
    expect(locks()).toBe('');
    const lock = {
      user: 'ada@laptop',
      pid: 7,
      run: 'laptop:6',
      command: 'compose-deploy of orders',
      id: 'theirs',
      since: new Date().toISOString(),
    };
    const volume = (name: string, label: string) =>
      docker('volume', 'create', '--label', ours, '--label', label, name);
    volume(`${project}.lock`, `org.micro.lock=${JSON.stringify(lock)}`);
    let beat = 0;
    const alive = setInterval(() => {
      beat++;
      volume(`${project}.lock.${beat}`, `org.micro.lock.beat=theirs ${beat}`);
    }, 2_000);
    const held = /the lock of \S+ is held by ada@laptop since [\d:]+ UTC \(pid 7: compose-deploy/;
    await expect(micro(backupCommand, '')).rejects.toThrow(held);
    await expect(micro(restoreCommand, `${folder} --yes`)).rejects.toThrow(held);
    expect(both()).toEqual(since);
    clearInterval(alive);
    const { output } = await micro(restoreCommand, `${folder} --yes --break-lock`);
    expect(output).toContain(`the lock of ${project} was taken from ada@laptop`);
    expect(both()).toEqual(before);
    expect(locks()).toBe('');
  });

  it('refuses while the service runs, and without --yes', async () => {
    const before = contents['orders-database']();
    const folder = await backup('orders');
    postgres(`UPDATE item SET note = 'since'`);
    const name = `${project}-orders-1`;
    docker(
      ...['run', '--detach', '--name', name, '--entrypoint', 'sleep'],
      ...['--label', `com.docker.compose.project=${project}`],
      ...['--label', 'com.docker.compose.service=orders', 'node:24-bookworm-slim', '300'],
    );
    const line = `${folder} --yes`;
    await expect(micro(restoreCommand, line)).rejects.toThrow(
      `stop it with "docker container stop ${name}"`,
    );
    docker('rm', '--force', name);
    const { exitCode, output } = await micro(restoreCommand, folder);
    expect(output).toMatch(/^orders-database .* is replaced by the backup of development from 20/);
    expect(exitCode).toBe(1);
    expect(postgres(`SELECT DISTINCT note FROM item`)).toBe('since');
    expect((await micro(restoreCommand, line)).exitCode).toBe(0);
    expect(contents['orders-database']()).toBe(before);
  });

  it('hands a dump from before the accounts over to the owner and the service', async () => {
    const folder = await backup('orders');
    compose('run', '--rm', '--no-deps', 'orders-database-accounts');
    const { exitCode } = await micro(restoreCommand, `${folder} orders --yes`);
    expect(exitCode).toBe(0);
    const owners = `SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname IN ('public', 'audit')`;
    expect(postgres(owners)).toBe('orders_owner');
    const asService = (statement: string) => postgres(`SET ROLE orders_service; ${statement}`);
    expect(asService(`INSERT INTO item (name) VALUES ('mine') RETURNING name`)).toBe('mine');
    expect(asService('SELECT count(*) > 0 FROM audit.entry')).toBe('t');
    expect(() => asService('CREATE TABLE mine ()')).toThrow(/permission denied/);
    // And one from after, too.
    const after = await backup('orders');
    expect((await micro(restoreCommand, `${after} orders --yes`)).exitCode).toBe(0);
    expect(postgres(owners)).toBe('orders_owner');
    expect(asService('SELECT count(*) > 0 FROM item')).toBe('t');
  });
});

function recording(real: Runner, lines: string[]): Runner {
  return {
    run: (command, options) => {
      lines.push(command.args.join(' '));
      return real.run(command, options);
    },
  };
}
