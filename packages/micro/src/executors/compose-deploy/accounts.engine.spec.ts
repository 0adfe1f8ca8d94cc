import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { parseEnv } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureDatastoreImage } from '../../../../../tools/images/datastores/datastore-image';
import { describeEngine } from '../../../../../tools/testing/describe-engine';
import { deriveRootCompose } from '../../compose/root-compose';
import { requiredSecrets } from '../../compose/env-secrets';
import { deriveServiceCompose } from '../../compose/service-compose';
import { docker, EngineWorkspace, server } from '../../testing/engine-workspace';
import { platformOf } from '../../testing/platform';

const MANIFESTS = {
  shelf:
    'port: 3001\ndatastores: { database: postgres }\nbroker: rabbitmq\npublishes: [item.added]\n',
  mailer: 'port: 3002\nbroker: rabbitmq\nsubscribes: [item.added]\n',
  desk: 'port: 3003\ndatastores: { database: mariadb }\n',
};

type Name = keyof typeof MANIFESTS;

/** One account for everything and one network for all datastores, as workspaces were before 0.2. */
const FORMER_ROOT = (platform: string) => `name: ${platform}
networks:
  edge:
  backend:
    internal: true
include:
  - apps/desk/compose.yaml
  - apps/mailer/compose.yaml
  - apps/shelf/compose.yaml
services:
  broker:
    image: rabbitmq:4.1
    hostname: broker
    environment:
      RABBITMQ_DEFAULT_USER: platform
      RABBITMQ_DEFAULT_PASS: \${BROKER_PASSWORD:?run "npx micro env" to create it}
    volumes: [broker-rabbitmq:/var/lib/rabbitmq]
    networks: [backend]
    healthcheck:
      test: [CMD-SHELL, timeout -k 1 25 rabbitmq-diagnostics -q check_running]
      interval: 5s
      timeout: 30s
      retries: 20
volumes:
  broker-rabbitmq:
`;

const FORMER_DESK = (platform: string) => `services:
  desk:
    image: ${platform}/desk:local
    build: { context: ../.., dockerfile: apps/desk/Dockerfile }
    init: true
    environment:
      PORT: '3003'
      DATABASE_URL: mysql://desk:\${DESK_DATABASE_PASSWORD:?run "npx micro env" to create it}@desk-database:3306/desk
    depends_on:
      desk-database:
        condition: service_healthy
    networks: [edge, backend]
  desk-database:
    image: mariadb:11.4
    environment:
      MARIADB_USER: desk
      MARIADB_PASSWORD: \${DESK_DATABASE_PASSWORD:?run "npx micro env" to create it}
      MARIADB_DATABASE: desk
      MARIADB_RANDOM_ROOT_PASSWORD: 'yes'
    volumes: [desk-database-mariadb:/var/lib/mysql]
    networks: [backend]
    healthcheck:
      test: [CMD-SHELL, healthcheck.sh --connect --innodb_initialized]
      interval: 1s
      timeout: 5s
      retries: 60
volumes:
  desk-database-mariadb:
`;

const FORMER_ENTRY = (platform: string, name: Name, port: number) => `services:
  ${name}:
    image: ${platform}/${name}:local
    build: { context: ../.., dockerfile: apps/${name}/Dockerfile }
    init: true
    environment:
      PORT: '${port}'
${name === 'shelf' ? `      DATABASE_URL: postgres://shelf:\${SHELF_DATABASE_PASSWORD:?run "npx micro env" to create it}@shelf-database:5432/shelf\n` : ''}      BROKER_URL: amqp://platform:\${BROKER_PASSWORD:?run "npx micro env" to create it}@broker:5672
    depends_on:
      broker:
        condition: service_healthy
${name === 'shelf' ? '      shelf-database:\n        condition: service_healthy\n' : ''}    networks: [edge, backend]
${
  name === 'shelf'
    ? `  shelf-database:
    image: postgres:17-bookworm
    environment:
      POSTGRES_USER: shelf
      POSTGRES_PASSWORD: \${SHELF_DATABASE_PASSWORD:?run "npx micro env" to create it}
      POSTGRES_DB: shelf
    volumes: [shelf-database-postgres:/var/lib/postgresql/data]
    networks: [backend]
    healthcheck:
      test: [CMD-SHELL, pg_isready --host=127.0.0.1 --username=shelf --dbname=shelf]
      interval: 1s
      timeout: 5s
      retries: 60
volumes:
  shelf-database-postgres:
`
    : ''
}`;

/**
 * A shell script that fails unless the server refuses each of its arguments as a statement. It decides in the
 * container, by exit status: output of a short container can get lost on a busy engine, and an empty one says nothing.
 */
const refuses = (client: string) => `for statement; do
  if said=$(${client} "$statement" 2>&1); then echo "was not refused: $statement" >&2; exit 1; fi
  case $said in
    *denied* | *'must be owner'* | *'must be superuser'*) ;;
    *) echo "$statement: $said" >&2; exit 1 ;;
  esac
done`;

describeEngine('a platform with one account for everything', () => {
  let workspace: EngineWorkspace;
  let project: string;

  const platform = () => platformOf(MANIFESTS, workspace.platform);

  /** What the migration makes of the workspace's compose files. */
  function move(): void {
    const model = platform();
    const root = deriveRootCompose(model, workspace.read('compose.yaml'), (path) =>
      path.startsWith('apps/'),
    );
    const entries = model.services.map((service) =>
      deriveServiceCompose(model, service, workspace.read(`${service.root}/compose.yaml`)),
    );
    workspace.write(Object.fromEntries([root, ...entries].map(({ path, text }) => [path, text])));
  }

  beforeAll(async () => {
    await ensureDatastoreImage('postgres');
    await ensureDatastoreImage('rabbitmq');
    await ensureDatastoreImage('mariadb');
    workspace = new EngineWorkspace();
    project = `${workspace.platform}-development`;
    const secrets = requiredSecrets(platform()).map(
      (name) => `${name}=${randomBytes(24).toString('hex')}\n`,
    );
    workspace.write({
      '.env': secrets.join(''),
      'environments/development.yml': 'healthTimeout: 240\nsteady: 1\n',
    });
    for (const [name, manifest] of Object.entries(MANIFESTS)) {
      const port = Number(/\d+/.exec(manifest)![0]);
      const more = manifest.split('\n').slice(1).join('\n');
      workspace.addService(name, port, { main: server(name), manifest: more });
      const entry =
        name === 'desk'
          ? FORMER_DESK(workspace.platform)
          : FORMER_ENTRY(workspace.platform, name as Name, port);
      workspace.write({ [`apps/${name}/compose.yaml`]: entry });
    }
    workspace.write({ 'compose.yaml': FORMER_ROOT(workspace.platform) });
    for (const name of Object.keys(MANIFESTS)) {
      for (const step of ['build', 'dockerBuild', 'dockerPush'] as const) {
        expect(await workspace[step](name)).toMatchObject({ success: true });
      }
    }
    const { success, output } = await workspace.deployTogether(Object.keys(MANIFESTS));
    expect(success, output).toBe(true);
    admin(
      "CREATE TABLE items (id serial PRIMARY KEY, name text); INSERT INTO items (name) VALUES ('from before')",
    );
    const former = environmentOf('desk')['DATABASE_URL']!;
    expect(
      mariadb(
        former,
        "CREATE TABLE items (id serial PRIMARY KEY, name text); INSERT INTO items (name) VALUES ('from before'); CREATE VIEW names AS SELECT name FROM items",
        'backend',
      ),
    ).toBe('');
  });

  afterAll(() => workspace?.remove());

  const idOf = (service: string) => workspace.containerIds(service)[0]!;
  const networksOf = (service: string) => {
    const format = '{{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{end}}';
    const names = docker('inspect', '--format', format, idOf(service)).trim().split(' ');
    return names.map((name) => name.replace(`${project}_`, '')).sort();
  };
  const environmentOf = (service: string) =>
    parseEnv(
      docker('inspect', '--format', '{{range .Config.Env}}{{println .}}{{end}}', idOf(service)),
    );
  const admin = (statement: string) =>
    docker(
      'exec',
      idOf('shelf-database'),
      'psql',
      '-U',
      'shelf',
      '-d',
      'shelf',
      '-qAtc',
      statement,
    );
  /** Runs a statement as the account of a URL, over the network. A refused one throws. */
  const sql = (url: string, statement: string, network = 'shelf-data') =>
    docker(
      ...['run', '--rm', '--network', `${project}_${network}`],
      ...['postgres:17-bookworm', 'psql', url, '-qAtc', statement],
    );
  const mariadb = (url: string, statement: string, network = 'desk-data') => {
    const { username, password } = new URL(url);
    return docker(
      ...['run', '--rm', '--network', `${project}_${network}`, '--env', `MYSQL_PWD=${password}`],
      ...[
        'mariadb:11.4',
        'mariadb',
        '-h',
        'desk-database',
        '-u',
        username,
        'desk',
        '-sNe',
        statement,
      ],
    );
  };
  const sqlRefuses = (url: string, statements: readonly string[]) =>
    docker(
      ...['run', '--rm', '--network', `${project}_shelf-data`, '--env', `URL=${url}`],
      ...['postgres:17-bookworm', 'sh', '-c', refuses('psql "$URL" -qAtc'), 'sh', ...statements],
    );
  const mariadbRefuses = (url: string, statements: readonly string[]) => {
    const { username, password } = new URL(url);
    docker(
      ...['run', '--rm', '--network', `${project}_desk-data`, '--env', `MYSQL_PWD=${password}`],
      ...['--entrypoint', 'sh', 'mariadb:11.4', '-c'],
      ...[refuses(`mariadb -h desk-database -u ${username} desk -sNe`), 'sh', ...statements],
    );
  };
  const reach = (service: string, host: string, port: number) => {
    const program = `const s = require('net').connect(${port}, '${host}', () => { console.log('reached'); s.destroy(); });
s.setTimeout(2000, () => { console.log('silence'); s.destroy(); });
s.on('error', ({ code }) => console.log(code));`;
    return docker('exec', idOf(service), 'node', '-e', program).trim();
  };
  const may = (user: string) =>
    docker('exec', idOf('broker'), 'rabbitmqctl', '-q', 'list_user_permissions', user);

  it('moves service by service, and stops no datastore', async () => {
    expect(networksOf('shelf-database')).toEqual(['backend']);
    const stays = [idOf('shelf-database'), idOf('broker')];
    move();
    const { success, output } = await workspace.deploy('shelf');
    expect(success, output).toBe(true);
    expect(output).toMatch(/connected {2}shelf-database to \S+_shelf-data/);
    expect(output).toMatch(/connected {2}broker to \S+_broker/);
    expect(output).toContain('ran  shelf-database-accounts');
    expect(output).toContain('ran  shelf-broker-account');
    expect([idOf('shelf-database'), idOf('broker')]).toEqual(stays);
    expect(networksOf('shelf-database')).toEqual(['shelf-data']);
    expect(reach('shelf', 'shelf-database', 5432)).toBe('reached');
    expect(reach('shelf', 'broker', 5672)).toBe('reached');
    // The other service was not deployed yet, and works as before.
    expect(networksOf('broker')).toEqual(['backend', 'broker']);
    expect(reach('mailer', 'broker', 5672)).toBe('reached');

    const later = await workspace.deploy('mailer');
    expect(later.success, later.output).toBe(true);
    // One service of the platform is in the former network until it is deployed, too.
    expect(networksOf('broker')).toEqual(['backend', 'broker']);
    expect(reach('mailer', 'broker', 5672)).toBe('reached');
  });

  it('brings MariaDB there after one restart, with its data', async () => {
    const serving = idOf('desk');
    const refused = await workspace.deploy('desk');
    expect(refused.success).toBe(false);
    expect(refused.output).toContain(
      'desk-database was started before its admin, desk, could make accounts. Restart it once with the entry of today, and deploy again. It keeps its data',
    );
    const [command] = /^ +docker .* desk-database$/m.exec(refused.output)!;
    expect(idOf('desk')).toBe(serving);
    const former = environmentOf('desk')['DATABASE_URL']!;
    expect(mariadb(former, 'SELECT name FROM items', 'backend')).toBe('from before');

    // As it is printed.
    execFileSync('sh', ['-c', command], { cwd: workspace.root, stdio: 'pipe' });
    const { success, output } = await workspace.deploy('desk');
    expect(success, output).toBe(true);
    expect(output).toContain('ran  desk-database-accounts');
    const url = environmentOf('desk')['DATABASE_URL']!;
    expect(url).toContain('mysql://desk_service:');
    expect(mariadb(url, 'SELECT name FROM names')).toBe('from before');
    expect(
      mariadb(url, "INSERT INTO items (name) VALUES ('mine'); SELECT count(*) FROM items"),
    ).toBe('2');
    mariadbRefuses(url, [
      'CREATE TABLE mine (id int)',
      'ALTER TABLE items ADD COLUMN more int',
      'DROP TABLE items',
      'TRUNCATE items',
      'CREATE DATABASE mine',
      'CREATE USER mine',
      'GRANT SELECT ON desk.* TO desk_owner',
      'SELECT * FROM mysql.global_priv',
      "SELECT 1 INTO OUTFILE '/tmp/x'",
    ]);
    const { DESK_DATABASE_OWNER_PASSWORD: password } = parseEnv(workspace.read('.env'));
    const owner = `mysql://desk_owner:${password}@desk-database:3306/desk`;
    expect(
      mariadb(owner, 'ALTER TABLE items ADD COLUMN more int; CREATE TABLE later (id int)'),
    ).toBe('');
    mariadbRefuses(owner, ['CREATE USER mine']);
    expect(mariadb(url, 'SELECT count(*) FROM later')).toBe('0');
    const log = docker('logs', idOf('desk-database'));
    expect(
      Object.values(parseEnv(workspace.read('.env'))).filter((secret) => log.includes(secret!)),
    ).toEqual([]);
  });

  it('lets a service read and write its rows, and no more', () => {
    const url = environmentOf('shelf')['DATABASE_URL']!;
    expect(url).toContain('postgres://shelf_service:');
    expect(sql(url, 'SELECT name FROM items')).toBe('from before');
    expect(sql(url, "INSERT INTO items (name) VALUES ('mine') RETURNING name")).toBe('mine');
    sqlRefuses(url, [
      'CREATE TABLE mine ()',
      'ALTER TABLE items ADD COLUMN more int',
      'DROP TABLE items',
      'TRUNCATE items',
      'CREATE SCHEMA mine',
      'CREATE ROLE mine',
      'CREATE TEMPORARY TABLE mine ()',
      "COPY items TO PROGRAM 'id'",
    ]);
    const { SHELF_DATABASE_OWNER_PASSWORD: password } = parseEnv(workspace.read('.env'));
    const owner = `postgres://shelf_owner:${password}@shelf-database:5432/shelf`;
    expect(
      sql(owner, 'ALTER TABLE items ADD COLUMN more int; CREATE TABLE later (id serial)'),
    ).toBe('');
    expect(sql(url, 'INSERT INTO later DEFAULT VALUES RETURNING id')).toBe('1');
  });

  it('gives a service no password but its own', () => {
    const secrets = parseEnv(workspace.read('.env'));
    const given = JSON.stringify(environmentOf('shelf'));
    const own = ['SHELF_DATABASE_SERVICE_PASSWORD', 'SHELF_BROKER_PASSWORD'];
    expect(
      Object.keys(secrets)
        .filter((name) => given.includes(secrets[name]!))
        .sort(),
    ).toEqual(own.sort());
    for (const service of ['shelf-database', 'broker']) {
      const log = docker('logs', idOf(service));
      expect(Object.values(secrets).filter((secret) => log.includes(secret!))).toEqual([]);
    }
  });

  it('lets nobody else reach the database', () => {
    const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}';
    const addresses = docker('inspect', '--format', format, idOf('shelf-database'))
      .trim()
      .split(' ');
    for (const host of ['shelf-database', ...addresses]) {
      expect(reach('mailer', host, 5432), host).not.toBe('reached');
    }
  });

  it('has a user at the broker for each service, with rights to what is its own', () => {
    expect(may('shelf')).toMatch(
      /^\/\t\^\(events\|shelf:\.\*\)\$\t\^\(events\|amq\\\.default\|shelf:\.\*\)\$\t/m,
    );
    const users = docker('exec', idOf('broker'), 'rabbitmqctl', '-q', 'list_users');
    expect(users).toMatch(/^shelf\t\[\]$/m);
    expect(users).toMatch(/^mailer\t\[\]$/m);
    expect(users).toMatch(/^platform\t\[administrator\]$/m);
    const queues = docker('exec', idOf('broker'), 'rabbitmqctl', '-q', 'list_queues', 'name');
    expect(queues).toContain('mailer:item.added');
  });

  it('goes back to a release from before the move, and forward again', async () => {
    const back = await workspace.deploy('shelf', { rollback: true });
    expect(back.success, back.output).toBe(true);
    expect(networksOf('shelf')).toEqual(['backend', 'edge']);
    expect(reach('shelf', 'shelf-database', 5432)).toBe('reached');
    expect(reach('shelf', 'broker', 5672)).toBe('reached');
    const former = environmentOf('shelf')['DATABASE_URL']!;
    expect(sql(former, 'SELECT count(*) FROM items', 'backend')).toBe('2');
    const forward = await workspace.deploy('shelf');
    expect(forward.success, forward.output).toBe(true);
    expect(networksOf('shelf')).toEqual(['broker', 'edge', 'shelf-data']);
    expect(networksOf('shelf-database')).toEqual(['shelf-data']);
    expect(networksOf('broker')).toEqual(['broker']);
  });

  it('ends a job that takes too long, and says so', async () => {
    workspace.write({
      'environments/development.yml': 'healthTimeout: 240\nsteady: 1\njobTimeout: 2\n',
    });
    const file = 'apps/mailer/compose.yaml';
    const entry = workspace.read(file);
    workspace.write({
      [file]: entry
        .replace(
          /(mailer-broker-account:[^]*?-ec\n {6}- )\|-\n(?: {8}.*\n)+/,
          '$1trap "" TERM; while :; do sleep 1; done\n',
        )
        .replace("PORT: '3002'", "PORT: '3002'\n      MORE: '1'"),
    });
    expect(workspace.read(file)).toContain('while :;');
    const { success, output } = await workspace.deploy('mailer');
    expect(success).toBe(false);
    expect(output).toContain(
      'mailer was not changed: it took longer than 2 s (jobTimeout of the environment)',
    );
    const names = docker(
      'ps',
      '--all',
      '--format',
      '{{.Names}}',
      '--filter',
      `label=com.docker.compose.project=${project}`,
    );
    expect(names).not.toContain('account');
    expect(reach('mailer', 'broker', 5672)).toBe('reached');
    workspace.write({ [file]: entry });
  });
});
