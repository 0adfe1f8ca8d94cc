import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { pushDatastoreImage } from '../../../../../tools/images/datastores/pushed-image';
import { describeCluster } from '../../../../../tools/testing/describe-cluster';
import { BACKING_IMAGES } from '../../compose/datastore-image';
import { requiredSecrets } from '../../compose/env-secrets';
import { deriveRootCompose } from '../../compose/root-compose';
import { deriveServiceCompose } from '../../compose/service-compose';
import { processRunner, type Runner } from '../../effects/process';
import { ClusterWorkspace } from '../../testing/cluster-workspace';
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
type ServiceName = keyof typeof MANIFESTS;

/** Rows of 1 KB that cannot be compressed. */
const ROWS = 120_000;
const LEAST_BYTES = 100_000_000;

/** Rows that a dump can get wrong: quotes, line ends, nothing, letters of everywhere. */
const ODD = `(1, 'it''s', 'x'), (2, 'two\nlines;', NULL), (3, 'Grüße 🚀', '')`;

describeCluster('backup and restore of a cluster', () => {
  let workspace: ClusterWorkspace;
  let project: string;
  const password = randomBytes(24).toString('hex');

  const compose = (...args: string[]) =>
    execFileSync('docker', ['compose', '--project-name', project, ...args], {
      cwd: workspace.root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });

  /** Statements in a database: of the Compose project, or of the cluster. */
  const PROGRAMS = {
    'orders-database': 'psql -U orders -d orders -qAt -v ON_ERROR_STOP=1',
    'stock-database':
      'MYSQL_PWD=$MARIADB_PASSWORD mariadb -u stock -h 127.0.0.1 --default-character-set=utf8mb4 -N stock',
  };
  type Database = keyof typeof PROGRAMS;
  type Where = 'compose' | 'cluster';
  const ask = (where: Where, database: Database, statement: string) => {
    const inside = ['bash', '-c', PROGRAMS[database]];
    const { kubeconfig, kubectl } = workspace.cluster;
    const [file, ...args] =
      where === 'compose'
        ? ['docker', 'compose', '--project-name', project, 'exec', '--no-TTY', database, ...inside]
        : [
            ...[kubectl, '--kubeconfig', kubeconfig, '--namespace', workspace.namespace],
            ...['exec', '--stdin', `${database}-0`, '--', ...inside],
          ];
    return execFileSync(file!, args, {
      ...{ cwd: workspace.root, encoding: 'utf8', input: statement },
      stdio: ['pipe', 'pipe', 'pipe'],
    }).trim();
  };

  /** Everything that the tables hold. */
  const contents = (where: Where, database: Database) =>
    ask(
      where,
      database,
      database === 'orders-database'
        ? `SELECT count(*), md5(string_agg(concat_ws('|', id, name, coalesce(note, '<null>')), ',' ORDER BY id)) FROM item;
           SELECT count(*), sum(length(data)), md5(string_agg(md5(data), '' ORDER BY id)) FROM big;
           SELECT string_agg(tablename, ',' ORDER BY tablename) FROM pg_tables WHERE schemaname = 'public';`
        : `SET group_concat_max_len = 1000000000;
           SELECT count(*), md5(group_concat(concat_ws('|', id, name, ifnull(note, '<null>')) ORDER BY id)) FROM item;
           SELECT group_concat(table_name ORDER BY table_name) FROM information_schema.tables WHERE table_schema = 'stock';`,
    );
  const both = (where: Where) => [
    contents(where, 'orders-database'),
    contents(where, 'stock-database'),
  ];

  const micro = (command: typeof backupCommand, line: string, more: Partial<Shell> = {}) =>
    runCommand(command, workspace.root, line, more);
  const backup = async (line: string) => {
    const { exitCode, output } = await micro(backupCommand, line);
    expect(output).toMatch(/backed up into \S+$/);
    expect(exitCode).toBe(0);
    return { folder: /backed up into (\S+)$/.exec(output)![1]!, output };
  };
  const manifest = (folder: string, database: Database) => {
    const [file] = readdirSync(join(workspace.root, folder)).filter(
      (name) => name.startsWith(database) && name.endsWith('.json'),
    );
    return JSON.parse(readFileSync(join(workspace.root, folder, file!), 'utf8')) as DumpManifest;
  };
  const replicas = (service: ServiceName) =>
    workspace.kubectl('get', 'deployment', service, '--output', 'jsonpath={.spec.replicas}');
  const pods = (entry: string) => {
    const selector = ['--selector', `app.kubernetes.io/name=${entry}`];
    return workspace
      .kubectl('get', 'pods', ...selector, '--output', 'name')
      .split('\n')
      .filter(Boolean);
  };

  beforeAll(async () => {
    workspace = new ClusterWorkspace(inject('cluster')!, 'storage: { size: 1Gi }\n');
    project = `${workspace.platform}-development`;
    const platform = platformOf(MANIFESTS, workspace.platform);
    const mirrored: [string, string][] = [];
    for (const engine of ['postgres', 'mariadb', 'redis'] as const) {
      const ref = await pushDatastoreImage(workspace.cluster.registry, engine);
      mirrored.push([BACKING_IMAGES[engine], ref]);
    }
    for (const service of platform.services) {
      const { name, port } = service;
      workspace.addService(name, port, { here: { replicas: 2 } });
      const { path, text } = deriveServiceCompose(platform, service, undefined);
      workspace.write({
        [path]: mirrored.reduce(
          (all, [ref, mirror]) => all.replaceAll(`image: ${ref}`, `image: ${mirror}`),
          text,
        ),
        [`${service.root}/service.yml`]: MANIFESTS[name as ServiceName],
      });
      workspace.push(name, 'one');
    }
    workspace.write({
      'compose.yaml': deriveRootCompose(platform, undefined, (path) => path.startsWith('apps/'))
        .text,
      'environments/development.yml': 'engine: compose\n',
      '.env': requiredSecrets(platform)
        .map((name) => `${name}=${password}\n`)
        .join(''),
    });
    const databases = ['orders-database', 'orders-cache', 'stock-database'];
    compose('up', '--detach', '--no-deps', '--wait', '--wait-timeout', '300', ...databases);
    ask(
      'compose',
      'orders-database',
      `CREATE TABLE item (id serial PRIMARY KEY, name text NOT NULL, note text);
      INSERT INTO item VALUES ${ODD};
      CREATE TABLE big (id int PRIMARY KEY, data bytea);
      INSERT INTO big SELECT n, (SELECT string_agg(decode(md5(random()::text || n || m), 'hex'), '') FROM generate_series(1, 64) m)
        FROM generate_series(1, ${ROWS}) n;`,
    );
    ask(
      'compose',
      'stock-database',
      `CREATE TABLE item (id int AUTO_INCREMENT PRIMARY KEY, name varchar(99) NOT NULL, note text) CHARSET utf8mb4;
      INSERT INTO item VALUES ${ODD};
      INSERT INTO item (name, note) SELECT md5(seq), md5(-seq) FROM seq_1_to_20000;`,
    );
  });

  afterAll(() => {
    if (!workspace) return;
    compose('down', '--volumes', '--timeout', '5');
    workspace.remove();
  });

  let fromCompose: string;
  let before: string[];

  it('brings the data of a Compose environment to a cluster', async () => {
    before = both('compose');
    const backed = await backup('');
    fromCompose = backed.folder;
    expect(backed.output).toMatch(/orders-cache {2}left out: redis keeps nothing on disk/);
    expect(manifest(fromCompose, 'orders-database').bytes).toBeGreaterThan(LEAST_BYTES);
    const deployed = await workspace.deploy();
    expect(deployed.failures, deployed.output).toEqual({});
    const asked = await micro(restoreCommand, `${fromCompose} -e cluster`);
    expect(asked.exitCode).toBe(1);
    expect(asked.output).toMatch(/orders is stopped meanwhile \(2 pods\), and started again/);
    const { exitCode } = await micro(restoreCommand, `${fromCompose} -e cluster --yes`);
    expect(exitCode).toBe(0);
    expect(both('cluster')).toEqual(before);
    expect([replicas('orders'), replicas('stock')]).toEqual(['2', '2']);
    // The data may be from before a migration. No pod is replaced for that.
    const names = [...pods('orders'), ...pods('stock')];
    const again = await workspace.deploy();
    expect(again.failures, again.output).toEqual({});
    expect(again.output).toContain('orders  ran  orders-database-accounts');
    expect([...pods('orders'), ...pods('stock')]).toEqual(names);
    expect((await workspace.deploy()).output).toContain('nothing changed');
  });

  it('brings it back from the cluster to Compose', async () => {
    const { folder } = await backup('-e cluster');
    expect(manifest(folder, 'orders-database')).toMatchObject({ environment: 'cluster' });
    expect(manifest(folder, 'orders-database').bytes).toBeGreaterThan(LEAST_BYTES);
    ask('compose', 'orders-database', 'DELETE FROM big WHERE id > 5; CREATE TABLE later ();');
    ask('compose', 'stock-database', `DROP TABLE item`);
    const { exitCode } = await micro(restoreCommand, `${folder} --yes`);
    expect(exitCode).toBe(0);
    expect(both('compose')).toEqual(before);
  });

  /** Does `work` once this many bytes have gone into a pod, or have come from one. */
  const after = (bytes: number, work: (end: () => void) => void): Runner => {
    const real = processRunner(workspace.root);
    return {
      run: (command, options = {}) => {
        const isFlow = options.output !== undefined && options.onBytes !== undefined;
        if (!isFlow) return real.run(command, options);
        const stop = new AbortController();
        let seen = 0;
        const onBytes = (count: number) => {
          options.onBytes!(count);
          if (seen < bytes && seen + count >= bytes) work(() => stop.abort());
          seen += count;
        };
        const all = options.stop ? AbortSignal.any([options.stop, stop.signal]) : stop.signal;
        return real.run(command, { ...options, onBytes, stop: all });
      },
    };
  };
  const HALF = LEAST_BYTES / 2;
  const deletePod = () =>
    void workspace.kubectl(
      'delete',
      'pod',
      'orders-database-0',
      '--grace-period=1',
      '--wait=false',
    );
  const databaseIsBack = () =>
    workspace.kubectl('rollout', 'status', 'statefulset/orders-database', '--timeout=120s');

  const BROKEN: [string, (end: () => void) => void][] = [
    ['kubectl is killed', (end) => end()],
    ['its pod is replaced', deletePod],
  ];

  it.each(BROKEN)('keeps no dump if %s', async (_, breakIt) => {
    const runner = after(HALF, breakIt);
    const { exitCode, output } = await micro(backupCommand, '-e cluster --to broken', { runner });
    expect(output).toMatch(/✕ {2}orders-database could not be dumped/);
    expect(exitCode).toBe(1);
    const [time] = readdirSync(join(workspace.root, 'broken/cluster')).slice(-1);
    expect(readdirSync(join(workspace.root, 'broken/cluster', time!)).sort()).toEqual([
      'stock-database.sql',
      'stock-database.sql.json',
    ]);
    databaseIsBack();
  });

  it.each(BROKEN)('has the old data and the service if %s during a restore', async (_, breakIt) => {
    ask('cluster', 'orders-database', `UPDATE item SET note = 'since'`);
    const since = contents('cluster', 'orders-database');
    const runner = after(HALF, breakIt);
    const failure = await micro(restoreCommand, `${fromCompose} orders -e cluster --yes`, {
      runner,
    }).then(
      () => undefined,
      (error: Error) => error.message,
    );
    expect(failure).toMatch(/^orders-database could not be restored/);
    databaseIsBack();
    expect(contents('cluster', 'orders-database')).toEqual(since);
    expect(replicas('orders')).toBe('2');
  });

  it('stops the service and its autoscaler meanwhile, and gives both back', async () => {
    workspace.set('orders', { autoscale: { min: 1, max: 4, cpu: 80 } });
    workspace.kubectl('scale', 'deployment/orders', '--replicas=3');
    const deployed = await workspace.deploy();
    expect(deployed.failures, deployed.output).toEqual({});
    const count = replicas('orders');
    let seen: [string, string[]] | undefined;
    const runner = after(HALF, () => (seen = [replicas('orders'), pods('orders')]));
    const line = `${fromCompose} orders -e cluster --yes`;
    const { exitCode, output } = await micro(restoreCommand, line, { runner });
    expect(exitCode, output).toBe(0);
    expect(seen).toEqual(['0', []]);
    expect(output).toContain(`orders  started  ${count} pod`);
    expect(Number(replicas('orders'))).toBeGreaterThan(0);
    expect(workspace.kubectl('get', 'deployment', 'orders', '--output', 'json')).not.toContain(
      'replicas-before-restore',
    );
    expect(contents('cluster', 'orders-database')).toEqual(before[0]);
  });

  it('starts a service again whose restore was killed', async () => {
    const note = 'org.micro/replicas-before-restore=2';
    workspace.kubectl('annotate', 'deployment/stock', note);
    workspace.kubectl('scale', 'deployment/stock', '--replicas=0');
    const line = `${fromCompose} stock -e cluster --yes`;
    expect((await micro(restoreCommand, line)).exitCode).toBe(0);
    expect(replicas('stock')).toBe('2');
    expect(contents('cluster', 'stock-database')).toEqual(before[1]);
  });

  it('leaves a service stopped whose MariaDB is half replaced, until the old data is back', async () => {
    const { folder } = await backup('stock -e cluster');
    const file = join(workspace.root, folder, 'stock-database.sql');
    const broken = readFileSync(file, 'utf8').replace('CREATE TABLE `item`', 'CREATE TABEL `item`');
    const sha256 = createHash('sha256').update(broken).digest('hex');
    const bytes = Buffer.byteLength(broken);
    workspace.write({
      [`${folder}/stock-database.sql`]: broken,
      [`${folder}/stock-database.sql.json`]: JSON.stringify({
        ...manifest(folder, 'stock-database'),
        ...{ sha256, bytes },
      }),
    });
    const failure = await micro(restoreCommand, `${folder} -e cluster --yes`).then(
      () => '',
      (error: Error) => error.message,
    );
    expect(failure).toMatch(/ERROR 1064[^]*stock-database is half replaced/);
    expect(failure).toContain('stock is still stopped');
    expect([replicas('stock'), pods('stock')]).toEqual(['0', []]);
    const [, goBack] = /bring the old data back, run "npx micro restore (.+)"/.exec(failure)!;
    expect((await micro(restoreCommand, goBack!)).exitCode).toBe(0);
    expect(replicas('stock')).toBe('2');
    expect(contents('cluster', 'stock-database')).toEqual(before[1]);
  });
});
