import { parseEnv } from 'node:util';
import { Connection } from 'rabbitmq-client';
import { parse, parseDocument } from 'yaml';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { mustRun, run, succeeded } from '../tools/command.js';
import { ensureDatastoreImage } from '../tools/images/datastores/datastore-image.js';
import { describeEngine } from '../tools/testing/describe-engine.js';
import { freePort } from '../tools/testing/free-port.js';
import { freshWorkspace, useOwnPorts, type FreshWorkspace } from './fresh-workspace.js';

const SERVICES = ['shelf', 'mailer', 'gateway'];

/** One account for everything and one network for all datastores, as workspaces were before 0.2. */
async function makeFormer({ workspace }: FreshWorkspace): Promise<void> {
  const edit = async (
    path: string,
    change: (document: ReturnType<typeof parseDocument>) => void,
  ) => {
    const document = parseDocument(await workspace.read(path));
    change(document);
    await workspace.write(path, document.toString({ lineWidth: 0 }));
  };
  for (const name of SERVICES) {
    await edit(`apps/${name}/compose.yaml`, (document) => {
      const { services = {} } = document.toJS() as { services?: Record<string, object> };
      for (const [entry, value] of Object.entries(services)) {
        if (/-accounts?$/.test(entry)) document.deleteIn(['services', entry]);
        const { networks, depends_on = {} } = value as { networks: string[]; depends_on?: object };
        const closed = networks.some((network) => network !== 'edge');
        const open = networks.filter((network) => network === 'edge');
        document.setIn(['services', entry, 'networks'], [...open, ...(closed ? ['backend'] : [])]);
        for (const need of Object.keys(depends_on).filter((one) => /-accounts?$/.test(one))) {
          document.deleteIn(['services', entry, 'depends_on', need]);
        }
        for (const [variable, url] of [
          [
            'DATABASE_URL',
            `postgres://${name}:\${${name.toUpperCase()}_DATABASE_PASSWORD:?}@${name}-database:5432/${name}`,
          ],
          ['BROKER_URL', 'amqp://platform:${BROKER_PASSWORD:?}@broker:5672'],
        ] as const) {
          const at = ['services', entry, 'environment', variable];
          if (document.hasIn(at)) document.setIn(at, url);
        }
        if (/-accounts?$/.test(entry)) document.deleteIn(['services', entry]);
      }
      document.deleteIn(['networks']);
    });
  }
  await edit('compose.yaml', (document) => {
    document.deleteIn(['networks', 'broker']);
    document.setIn(['networks', 'backend'], { internal: true });
    document.setIn(['services', 'broker', 'networks'], ['backend']);
  });
}

describeEngine('a platform with one account for everything', () => {
  let fresh: FreshWorkspace;
  let project: string;
  let url: string;

  beforeAll(async () => {
    await ensureDatastoreImage('postgres');
    await ensureDatastoreImage('rabbitmq');
    fresh = await freshWorkspace();
    const { workspace } = fresh;
    project = `${workspace.name}-development`;
    const generate = (generator: string, ...args: string[]) =>
      workspace.nx('g', `@org/micro:${generator}`, ...args);
    const shelf = ['--datastores=postgres', '--broker=rabbitmq', '--routes=/api/shelf'];
    await generate('service', 'shelf', ...shelf, '--skipInstall');
    await generate('worker', 'mailer', '--skipInstall');
    const fields = '--fields=id:uuid';
    await generate('event', 'item.added', '--publisher=shelf', '--subscribers=mailer', fields);
    await generate('gateway', 'gateway', '--consumes=shelf');
    const port = await freePort();
    url = `http://127.0.0.1:${port}/api/shelf/items`;
    const file = 'environments/development.yml';
    const published = `healthTimeout: 120s\nservices:\n  gateway:\n    publish: ${port}\n`;
    await workspace.write(file, (await workspace.read(file)) + published);
    await useOwnPorts(workspace);
    await workspace.commit('A shelf, and who is told of it');
    await makeFormer(fresh);
    await mustRun('npx', ['micro', 'env'], { cwd: workspace.root });
    await workspace.nx('run-many', '-t', 'compose-deploy');
  });

  afterAll(() => fresh?.remove());

  const ids = async (service: string) => {
    const labels = [`project=${project}`, `service=${service}`, 'oneoff=False'];
    const filters = labels.flatMap((label) => ['--filter', `label=com.docker.compose.${label}`]);
    return (await mustRun('docker', ['ps', '--quiet', ...filters])).split('\n').filter(Boolean);
  };
  const inspect = async <T>(service: string, format: string) =>
    JSON.parse(
      await mustRun('docker', [
        'inspect',
        '--format',
        `{{json ${format}}}`,
        (await ids(service))[0]!,
      ]),
    ) as T;
  const networksOf = async (service: string) =>
    Object.keys(await inspect<Record<string, unknown>>(service, '.NetworkSettings.Networks'))
      .map((name) => name.replace(`${project}_`, ''))
      .sort();
  const environmentOf = async (service: string) =>
    Object.fromEntries(
      (await inspect<string[]>(service, '.Config.Env')).map(
        (line) => line.split(/=(.*)/s) as [string, string],
      ),
    );
  const add = async (name: string) => {
    const init = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name }),
    };
    return (await fetch(url, init)).status;
  };
  const items = async () => {
    const response = await fetch(url);
    if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
    const body = (await response.json()) as { items: { name: string }[] };
    return body.items.map(({ name }) => name);
  };

  /** As the account of a URL, from the network that the service is in: what it says, or the refusal. */
  async function sql(statement: string, network = 'shelf-data'): Promise<string> {
    const { DATABASE_URL = '' } = await environmentOf('shelf');
    const { stdout, stderr } = await run('docker', [
      'run',
      '--rm',
      '--network',
      `${project}_${network}`,
      '--env',
      `DATABASE_URL=${DATABASE_URL}`,
      'postgres:17-bookworm',
      'sh',
      '-c',
      `psql "$DATABASE_URL" -Atc "${statement}"`,
    ]);
    return (stdout + stderr).trim();
  }

  it('works as it did before', async () => {
    expect(await add('from before')).toBe(201);
    expect(await networksOf('shelf-database')).toEqual(['backend', 'development']);
    expect((await environmentOf('shelf'))['BROKER_URL']).toContain('amqp://platform:');
    expect(
      await sql('ALTER TABLE items ADD COLUMN x int; ALTER TABLE items DROP COLUMN x', 'backend'),
    ).toBe('ALTER TABLE\nALTER TABLE');
  });

  it('moves by its migration and a deploy, and answers all along', async () => {
    const { workspace } = fresh;
    const [database] = await ids('shelf-database');
    const [broker] = await ids('broker');
    const list = {
      migrations: [{ package: '@org/micro', name: 'separate-accounts', version: '0.2.0' }],
    };
    await workspace.write('migrations.json', JSON.stringify(list));
    const told = await workspace.nx('migrate', '--run-migrations', '--skipInstall');
    expect(told).toContain('npx micro env');
    await workspace.nx('sync:check');
    const root = parse(await workspace.read('compose.yaml')) as { networks: object };
    expect(Object.keys(root.networks).sort()).toEqual(['broker', 'edge']);
    await mustRun('npx', ['micro', 'env'], { cwd: workspace.root });

    const failed: string[] = [];
    let count = 0;
    let isOver = false;
    const asking = (async () => {
      while (!isOver) {
        count += 1;
        await items().catch((error: Error) => failed.push(error.message));
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    })();
    const output = await workspace.nx('compose-deploy', 'shelf');
    isOver = true;
    await asking;
    expect(failed).toEqual([]);
    expect(count).toBeGreaterThan(20);
    expect(output).toMatch(/connected\S* +shelf-database to \S+_shelf-data/);
    expect(output).toMatch(/ran\S* +shelf-database-accounts/);
    expect(output.indexOf('shelf-database-accounts')).toBeLessThan(
      output.lastIndexOf('shelf-migrate'),
    );

    expect(await ids('shelf-database')).toEqual([database]);
    expect(await ids('broker')).toEqual([broker]);
    expect(await networksOf('shelf-database')).toEqual(['development', 'shelf-data']);
    // The worker was not deployed yet.
    expect(await networksOf('broker')).toEqual(['backend', 'broker', 'development']);
    expect(await items()).toEqual(['from before']);
    expect(await add('after')).toBe(201);
  });

  it('takes the broker off the old network with the last service that uses it there', async () => {
    await fresh.workspace.nx('run-many', '-t', 'compose-deploy');
    expect(await networksOf('broker')).toEqual(['broker', 'development']);
    expect(await networksOf('mailer')).toEqual(['broker', 'edge']);
  });

  it('lets a service read and write its own database, and no more', async () => {
    expect(await sql("INSERT INTO items (id, name) VALUES (gen_random_uuid(), 'by hand')")).toBe(
      'INSERT 0 1',
    );
    for (const statement of [
      'CREATE TABLE mine ()',
      'ALTER TABLE items ADD COLUMN y int',
      'DROP TABLE items',
      'CREATE SCHEMA mine',
      'CREATE ROLE mine',
      'TRUNCATE items',
      'CREATE TEMPORARY TABLE mine ()',
    ]) {
      expect(await sql(statement), statement).toMatch(/permission denied|must be owner/);
    }
    expect(await sql('SELECT rolsuper FROM pg_roles WHERE rolname = current_user')).toBe('f');
    const environment = JSON.stringify(await environmentOf('shelf'));
    const env = parseEnv(await fresh.workspace.read('.env'));
    for (const name of [
      'SHELF_DATABASE_PASSWORD',
      'SHELF_DATABASE_OWNER_PASSWORD',
      'BROKER_PASSWORD',
      'MAILER_BROKER_PASSWORD',
    ]) {
      expect(env[name], name).toMatch(/./);
      expect(environment, name).not.toContain(env[name]);
    }
  });

  it('lets nobody else reach the database', async () => {
    const addresses = await inspect<Record<string, { IPAddress: string }>>(
      'shelf-database',
      '.NetworkSettings.Networks',
    );
    const hosts = ['shelf-database', ...Object.values(addresses).map(({ IPAddress }) => IPAddress)];
    const reach = async (service: string, host: string) => {
      const program = `const s = require('net').connect(5432, '${host}', () => { console.log('reached'); s.destroy(); });
s.setTimeout(3000, () => { console.log('silence'); s.destroy(); });
s.on('error', ({ code }) => console.log(code));`;
      return (
        await mustRun('docker', ['exec', (await ids(service))[0]!, 'node', '-e', program])
      ).trim();
    };
    expect(await reach('shelf', 'shelf-database')).toBe('reached');
    for (const service of ['mailer', 'gateway']) {
      for (const host of hosts)
        expect(await reach(service, host), `${service} ${host}`).not.toBe('reached');
    }
  });

  it('lets a service use its own queues at the broker, and no other', async () => {
    const overlay = parse(await fresh.workspace.read('environments/development.compose.yaml')) as {
      services: { broker: { ports: string[] } };
    };
    const port = overlay.services.broker.ports[0]!.split(':')[1];
    const as = async <T>(service: string, work: (connection: Connection) => Promise<T>) => {
      const at = new URL((await environmentOf(service))['BROKER_URL']!);
      const connection = new Connection(`amqp://${at.username}:${at.password}@127.0.0.1:${port}`);
      try {
        return await work(connection).then(
          () => 'done',
          ({ code }: { code?: string }) => code ?? 'failed',
        );
      } finally {
        await connection.close();
      }
    };
    const queue = 'mailer:item.added';
    const publish = (routingKey: string) => async (connection: Connection) => {
      const publisher = connection.createPublisher({ confirm: true });
      await publisher
        .send({ exchange: 'events', routingKey }, '{}')
        .finally(() => publisher.close());
    };
    expect(await as('shelf', (connection) => connection.basicGet(queue))).toBe('ACCESS_REFUSED');
    expect(await as('shelf', (connection) => connection.queueDelete(queue))).toBe('ACCESS_REFUSED');
    expect(
      await as('shelf', (connection) => connection.queueDeclare({ queue: 'other:mine' })),
    ).toBe('ACCESS_REFUSED');
    expect(await as('shelf', publish('item.added'))).toBe('done');
    expect(await as('shelf', publish('item.sold'))).toBe('ACCESS_REFUSED');
    expect(await as('mailer', (connection) => connection.basicGet(queue))).toBe('done');
    expect(await as('mailer', publish('item.added'))).toBe('ACCESS_REFUSED');
    const tags = await mustRun('docker', [
      'exec',
      (await ids('broker'))[0]!,
      'rabbitmqctl',
      '-q',
      'list_users',
    ]);
    expect(tags).toMatch(/^shelf\s+\[\]$/m);
    expect(tags).toMatch(/^mailer\s+\[\]$/m);
  });

  it('goes back to a release from before the move, and forward again', async () => {
    const { workspace } = fresh;
    await workspace.nx('compose-deploy', 'shelf', '--rollback');
    expect(await networksOf('shelf')).toContain('backend');
    expect(await items()).toContain('from before');
    await workspace.nx('compose-deploy', 'shelf');
    expect(await networksOf('shelf')).toEqual(['broker', 'edge', 'shelf-data']);
    expect(await networksOf('shelf-database')).toEqual(['development', 'shelf-data']);
    expect(await items()).toContain('after');
  });

  it('leaves no accounts job behind, and no password in a log', async () => {
    const { stdout } = await run('docker', [
      'ps',
      '--all',
      '--format',
      '{{.Names}}',
      '--filter',
      `label=com.docker.compose.project=${project}`,
    ]);
    expect(stdout).not.toMatch(/-accounts?-/);
    const env = parseEnv(await fresh.workspace.read('.env'));
    for (const service of ['shelf-database', 'broker']) {
      const logs = await run('docker', ['logs', (await ids(service))[0]!]);
      expect(succeeded(logs)).toBe(true);
      for (const [name, value] of Object.entries(env)) {
        if (name.endsWith('_PASSWORD'))
          expect(logs.stdout + logs.stderr, name).not.toContain(value);
      }
    }
  });
});
