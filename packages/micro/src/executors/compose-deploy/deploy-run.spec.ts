import { readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../effects/process';
import { BUILD_RECEIPT } from '../../testing/build-receipt';
import { failure, type Answer } from '../../testing/recording-runner';
import { RESTART_FIRST } from '../../platform/mysql-accounts';
import { Secret } from '../../platform/secret';
import { tarOf } from '../../docker/tar';
import { FakeVolumes } from '../../testing/fake-volumes';
import { recordedTask } from '../../testing/service-task';
import type { ServiceTask } from '../service-task';
import { deployRun } from './deploy-run';
import type { DeployOptions } from '../deploy-options';
import { listenForInterruption } from '../../effects/interruption';
import { secretsLabel, withSecrets } from '../../deployment/secrets';
import { entryLabel } from '../../deployment/fingerprint';

const RECEIPT = 'dist/receipts/apps/orders/compose-deploy.production.json';
const MANIFEST_WITH_DATABASE = 'port: 3001\ndatastores: { database: postgres }\n';
const files = {
  'compose.yaml': 'name: acme\n',
  'apps/orders/package.json': '{ "name": "@acme/orders" }',
  'apps/orders/service.yml': 'port: 3001\n',
  'apps/users/package.json': '{ "name": "@acme/users" }',
  'apps/users/service.yml': 'port: 3002\n',
  'environments/production.yml': 'host: ssh://deploy@example.com\n',
  'dist/receipts/apps/orders/docker-push.production.json': JSON.stringify({
    kind: 'local',
    service: 'orders',
    key: 'one',
    environment: 'production',
    image: 'acme/orders:k-1',
    imageId: 'sha256:1',
    since: '',
  }),
};

/** An engine that renders the entry and starts what is asked for. */
function engine(some: { key?: string; services?: string; answer?: Answer } = {}): Answer {
  let created = false;
  const volumes = new FakeVolumes();
  return (line, command) => {
    const answer = some.answer?.(line, command) ?? volumes.answer(line, command);
    if (answer) return answer;
    if (line.endsWith('config --services')) return { stdout: some.services ?? 'users\norders\n' };
    if (line.endsWith('config --format json')) {
      const entry = { depends_on: { db: {}, users: {} }, networks: { edge: null } };
      const orders = some.services === undefined ? entry : { image: 'acme/orders:k-1' };
      return { stdout: JSON.stringify({ services: { orders } }) };
    }
    if (line.includes('--no-start')) created = true;
    if (line.includes('container create')) return { stdout: 'holder' };
    if (line.includes('config --no-interpolate')) return { stdout: '{}' };
    if (line.includes('--filter label=org.micro.project=')) return { stdout: '' };
    if (line.includes('container ls')) return { stdout: created ? 'new' : '' };
    if (line.includes('container inspect')) {
      return {
        stdout: JSON.stringify([
          {
            Id: 'new',
            Name: '/acme-production-orders-1',
            RestartCount: 0,
            State: { Status: 'running', Health: { Status: 'healthy', Log: null } },
            Config: { Labels: { 'com.docker.compose.service': 'orders' } },
            NetworkSettings: { Networks: null },
          },
        ]),
      };
    }
    if (line.includes('image inspect')) {
      const Labels = { 'org.micro.image-key': some.key ?? 'one' };
      return { stdout: JSON.stringify({ Id: 'sha256:1', Size: 1, Config: { Labels } }) };
    }
    return undefined;
  };
}

/** Deploys one service as a run of its own. */
async function deployAlone(task: ServiceTask, options: DeployOptions): Promise<void> {
  const interruption = listenForInterruption();
  try {
    const failures = await deployRun({
      ...task,
      tasks: [task],
      options,
      tell: task.say,
      interruption,
    });
    const failure = failures.get(task.service.name);
    if (failure) throw failure;
  } finally {
    interruption.dispose();
  }
}

/** What a command changes, but for the lock, which comes and goes. */
const changes = (lines: readonly string[]) =>
  lines.filter((line) => / up | start | stop | rm | pull /.test(line) && !/ volume rm /.test(line));

describe('deployRun of one service', () => {
  it('makes the passwords of development before anything is rendered, and none with --plan', async () => {
    const receipt = 'dist/receipts/apps/orders/docker-push.production.json';
    const inDevelopment = {
      ...files,
      'apps/orders/service.yml': MANIFEST_WITH_DATABASE,
      'environments/development.yml': '',
      'dist/receipts/apps/orders/docker-push.development.json': files[receipt],
    };
    const task: ReturnType<typeof recordedTask> = recordedTask(
      inDevelopment,
      engine({
        answer: (line) => {
          if (!line.endsWith('config --format json')) return undefined;
          return failure(task.read('.env') === undefined ? 'no passwords' : 'rendered with them');
        },
      }),
    );
    const options = { environment: 'development' };
    await expect(deployAlone(task, { ...options, plan: true })).rejects.toThrow('no passwords');
    expect(task.read('.env')).toBeUndefined();
    await expect(deployAlone(task, options)).rejects.toThrow('rendered with them');
  });

  it("talks to the environment's engine only, starts dependencies, and writes the receipt", async () => {
    const task = recordedTask(files, engine());
    await deployAlone(task, { environment: 'production' });
    expect(
      task.runner.lines.filter(
        (line) => !/^(?:docker --host ssh:\/\/deploy@example.com|git) /.test(line),
      ),
    ).toEqual([]);
    const short = changes(task.runner.lines).map((line) =>
      line.replace(/.*--project-name acme-production |docker --host \S+ /, ''),
    );
    expect(short).toEqual([
      'up --detach --no-build --no-recreate --quiet-pull --wait --wait-timeout 60 db users',
      'up --no-build --no-deps --no-recreate --no-start --pull never --quiet-pull --scale orders=1 orders',
      'container start new',
    ]);
    expect(task.said.map(stripVTControlCharacters)).toEqual([
      'plan for production',
      '  create   orders  it is not running; one',
      '  start    db      needed by orders',
      '  start    users   needed by orders',
      'orders  started  db, users  0.0 s',
      'orders  healthy  acme-production-orders-1  0.0 s',
      'orders  deployed  acme-production-orders-1 in production  2.0 s',
      'production  done  1 created  2.0 s',
    ]);
    expect(JSON.parse(task.read(RECEIPT)!)).toMatchObject({ key: 'one', containers: ['new'] });
  });

  it.each([
    ['what became of it alone', undefined, ['orders  deployed  acme-production-orders-1']],
    [
      'all of it where nobody sees more',
      new Set(['orders']),
      [
        '  create   orders  it is not running; one',
        '  start    db      needed by orders',
        '  start    users   needed by orders',
        'orders  started  db, users',
        'orders  healthy  acme-production-orders-1',
        'orders  deployed  acme-production-orders-1',
      ],
    ],
  ])('of a run, its task says %s', async (_, repeat, said) => {
    const task = recordedTask(files, engine());
    const told: string[] = [];
    const interruption = listenForInterruption();
    await deployRun({
      ...task,
      tasks: [task],
      options: { environment: 'production' },
      tell: (line) => told.push(line),
      repeat,
      interruption,
    }).finally(interruption.dispose);
    const words = (line: string) =>
      stripVTControlCharacters(line).replace(/(?: in production)? {2}\d\.\d s$/, '');
    expect(task.said.map(words)).toEqual(said);
    expect(told.map(words)).toEqual([
      'plan for production',
      '  create   orders  it is not running; one',
      '  start    db      needed by orders',
      '  start    users   needed by orders',
      'orders  started  db, users',
      'orders  healthy  acme-production-orders-1',
      'production  done  1 created',
    ]);
  });

  it('does nothing if only the plan is asked for', async () => {
    const task = recordedTask(files, engine());
    await deployAlone(task, { environment: 'production', plan: true });
    expect(changes(task.runner.lines)).toEqual([]);
    expect(task.read(RECEIPT)).toBeUndefined();
  });

  it('deploys the last build where nothing is pushed, and leaves the receipt of a push', async () => {
    const push = 'dist/receipts/apps/orders/docker-push.production.json';
    const { key, image, imageId } = BUILD_RECEIPT;
    const build = { 'dist/receipts/apps/orders/docker-build.json': JSON.stringify(BUILD_RECEIPT) };
    const task = recordedTask({ ...files, ...build }, engine({ key }));
    await deployAlone(task, { environment: 'production', plan: true });
    expect(task.read(push)).toBe(files[push]);
    await deployAlone(task, { environment: 'production' });
    expect(JSON.parse(task.read(push)!)).toMatchObject({
      ...{ kind: 'local', service: 'orders', environment: 'production' },
      ...{ key, image, imageId },
    });
    expect(JSON.parse(task.read(RECEIPT)!)).toMatchObject({ key, image });
  });

  it('refuses a build for another platform than the environment declares', async () => {
    const built = { ...BUILD_RECEIPT, platforms: ['linux/arm64'] };
    const task = recordedTask(
      {
        ...files,
        'environments/production.yml': 'platform: linux/amd64\n',
        'dist/receipts/apps/orders/docker-build.json': JSON.stringify(built),
      },
      engine({ key: built.key }),
    );
    await expect(deployAlone(task, { environment: 'production' })).rejects.toThrow(
      'is for linux/arm64 and cannot run in production: environments/production.yml says linux/amd64',
    );
    expect(changes(task.runner.lines)).toEqual([]);
  });

  it('plans for the last build, although it is not pushed, and deploys only what is', async () => {
    const registry = 'registry.example.com';
    const task = recordedTask(
      {
        ...files,
        'environments/production.yml': `registry: ${registry}\n`,
        'dist/receipts/apps/orders/docker-push.production.json': '',
        'dist/receipts/apps/orders/docker-build.json': JSON.stringify(BUILD_RECEIPT),
      },
      engine(),
    );
    await deployAlone(task, { environment: 'production', plan: true, json: true });
    const image = `${registry}/acme/orders:k-${'a'.repeat(32)}`;
    expect(JSON.parse(task.said[0]!)).toMatchObject({
      services: [{ service: 'orders', action: 'create', key: BUILD_RECEIPT.key, image }],
    });
    await expect(deployAlone(task, { environment: 'production' })).rejects.toThrow(
      'no image of "orders" was pushed for production yet',
    );
  });

  it.each<[string, Record<string, string>, Parameters<typeof engine>[0], string]>([
    [
      'nothing was pushed',
      { 'dist/receipts/apps/orders/docker-push.production.json': '' },
      {},
      'no image of "orders" was pushed for production yet: run nx docker-push orders -c production',
    ],
    [
      'the last push was of a local image and pushed ones run there',
      { 'environments/production.yml': 'registry: registry.example.com\n' },
      {},
      'environments/production.yml runs pushed images, but the last one of "orders" is local: run nx docker-push orders -c production',
    ],
    [
      'the last push went to another registry',
      {
        'environments/production.yml': 'registry: registry.example.com\n',
        'dist/receipts/apps/orders/docker-push.production.json': JSON.stringify({
          kind: 'pushed',
          service: 'orders',
          key: 'one',
          environment: 'production',
          image: 'old.example.com/acme/orders:k-1',
          digest: `sha256:${'d'.repeat(64)}`,
          tags: [],
          since: '',
        }),
      },
      {},
      'environments/production.yml names the registry registry.example.com, but old.example.com/acme/orders:k-1 is not in it: run nx docker-push orders -c production',
    ],
    [
      'nobody said where images come from',
      { 'environments/production.yml': 'images: pushed\n' },
      {},
      'environments/production.yml is incomplete',
    ],
    [
      'the service is missing',
      {},
      { services: 'users\n' },
      'compose.yaml has no service "orders": run "nx sync" so that it includes apps/orders/compose.yaml',
    ],
    [
      'the image is another one',
      {},
      { key: 'two' },
      'acme/orders:k-1 does not have the image key that its receipt says: run nx docker-push orders again',
    ],
    [
      'the image is not there',
      {},
      {
        answer: (line) =>
          line.includes('image inspect') ? failure('Error: No such image: x') : undefined,
      },
      'acme/orders:k-1 is not on the engine of production: build it there',
    ],
    [
      'the compose file is broken',
      {},
      {
        answer: (line) =>
          line.includes(' config ')
            ? failure('yaml: line 3: did not find expected key', 15)
            : undefined,
      },
      'compose.yaml could not be read (exit code 15):\n  yaml: line 3',
    ],
    [
      'the engine is away',
      {},
      {
        answer: (line) =>
          line.includes('container ls')
            ? failure('error during connect: command [ssh] has exited with exit status 255')
            : undefined,
      },
      'no Docker Engine answers on ssh://deploy@example.com',
    ],
  ])('changes nothing if %s', async (_, more, some, message) => {
    const task = recordedTask({ ...files, ...more }, engine(some));
    await expect(deployAlone(task, { environment: 'production' })).rejects.toThrow(message);
    expect(changes(task.runner.lines)).toEqual([]);
    expect(task.read(RECEIPT)).toBeUndefined();
  });

  describe('with secrets', () => {
    const KEY = 'f'.repeat(64);
    const secret = {
      'environments/production.yml':
        'host: ssh://deploy@example.com\nservices: { orders: { secrets: { API_KEY: { file: ./api-key } } } }\n',
    };
    const entry = {
      environment: { API_KEY_FILE: '/run/secrets/API_KEY' },
      stop_grace_period: '40s',
    };
    const rendering: Answer = (line) =>
      line.endsWith('config --format json')
        ? { stdout: JSON.stringify({ services: { orders: entry } }) }
        : undefined;
    const deploy = async (value: string, answer: Answer = rendering) => {
      const task = recordedTask({ ...files, ...secret, 'api-key': value }, engine({ answer }));
      await deployAlone(task, { environment: 'production' });
      return task;
    };

    it('copies them into the new container before it starts, and shows them nowhere', async () => {
      const task = await deploy('hunter2');
      const { lines, commands } = task.runner;
      const given = lines.findIndex((line) => line.endsWith(' container cp - new:/run/secrets'));
      expect(lines.findIndex((line) => line.includes('--no-start'))).toBeLessThan(given);
      expect(given).toBeLessThan(lines.findIndex((line) => line.includes('container start new')));
      expect(Buffer.from(commands[given]!.stdin!).toString()).toContain('hunter2');
      expect([...lines, ...task.said, task.read(RECEIPT)].join('\n')).not.toContain('hunter2');
    });

    it('labels a value with the key of the container that runs, so that only another one counts', async () => {
      let running = '';
      const known: Answer = (line) => {
        if (line.endsWith('container cp old:/run/secrets/.key -')) {
          return {
            stdout: tarOf([{ path: '.key', mode: 0o400, content: Buffer.from(KEY) }]).toString(),
          };
        }
        if (line.includes('container ls') && line.includes('compose.project='))
          return { stdout: 'old' };
        if (line.includes('container inspect old')) return { stdout: running };
        return rendering(line, { file: '', args: [] });
      };
      const plan = async (value: string) => {
        const task = recordedTask(
          { ...files, ...secret, 'api-key': value },
          engine({ answer: known }),
        );
        await deployAlone(task, { environment: 'production', plan: true });
        return task.said[1];
      };
      const container = (label: string) =>
        JSON.stringify([
          {
            Id: 'old',
            Name: '/old',
            RestartCount: 0,
            State: { Status: 'running' },
            Config: {
              Labels: {
                'com.docker.compose.service': 'orders',
                'org.micro.image-key': 'one',
                'org.micro.entry': label,
              },
            },
            NetworkSettings: { Networks: null },
          },
        ]);
      const values = new Map([['API_KEY', new Secret('hunter2')]]);
      const part = secretsLabel({ values, key: new Secret(KEY) });
      running = container(withSecrets(entryLabel(entry), part));
      expect(await plan('hunter2')).toContain('keep     orders  nothing changed');
      expect(await plan('hunter3')).toContain('restart  orders  its entry changed: secret-values');
    });

    it.each<[string, Record<string, string>, string]>([
      [
        'is not there',
        {},
        'environments/production.yml: services.orders.secrets.API_KEY: there is no file ./api-key',
      ],
      [
        'is empty',
        { 'api-key': '\n' },
        'environments/production.yml: services.orders.secrets.API_KEY: ./api-key is empty',
      ],
    ])('changes nothing if one %s', async (_, more, message) => {
      const task = recordedTask({ ...files, ...secret, ...more }, engine());
      await expect(deployAlone(task, { environment: 'production' })).rejects.toThrow(message);
      expect(changes(task.runner.lines)).toEqual([]);
      expect(task.read(RECEIPT)).toBeUndefined();
    });

    it('reports that a rollback needs a secret that is not configured any more', async () => {
      const labels = [
        ...[
          'note',
          'acme-production.orders.r7',
          '2026-11-20',
          'orders',
          '7',
          'one',
          'environment=1',
        ],
        ...['acme/orders:k-1', '1'],
      ];
      const slice = JSON.stringify({ services: { orders: entry } });
      const task = recordedTask(
        files,
        engine({
          answer: (line) => {
            if (line.includes('--filter label=org.micro.release'))
              return { stdout: labels.join('\t') };
            return line.includes('container inspect note')
              ? {
                  stdout: JSON.stringify([
                    { Config: { Labels: { 'org.micro.release.compose': slice } } },
                  ]),
                }
              : undefined;
          },
        }),
      );
      await expect(deployAlone(task, { environment: 'production', to: 7 })).rejects.toThrow(
        'this release of orders needs API_KEY, which environments/production.yml does not name under services.orders.secrets',
      );
      expect(changes(task.runner.lines)).toEqual([]);
    });
  });

  it('changes nothing if the service itself runs elsewhere, and says where', async () => {
    const task = recordedTask(
      {
        ...files,
        'environments/production.yml': 'links: { orders: https://orders.example.com }\n',
      },
      engine(),
    );
    await deployAlone(task, { environment: 'production' });
    expect(task.runner.lines).toEqual([]);
    expect(task.said.map(stripVTControlCharacters)).toEqual([
      'orders  nothing  it runs at https://orders.example.com, as environments/production.yml says under links',
    ]);
  });

  it('leaves it out of the plan that a program reads', async () => {
    const task = recordedTask(
      {
        ...files,
        'environments/production.yml': 'links: { orders: https://orders.example.com }\n',
      },
      engine(),
    );
    await deployAlone(task, { environment: 'production', plan: true, json: true });
    expect(task.said).toHaveLength(1);
    expect(JSON.parse(task.said[0]!)).toMatchObject({ environment: 'production', services: [] });
  });

  it('neither waits for a provider that runs elsewhere nor starts it', async () => {
    const task = recordedTask(
      {
        ...files,
        'apps/orders/service.yml': 'port: 3001\nconsumes: [users]\n',
        'environments/production.yml':
          'host: ssh://deploy@example.com\nlinks: { users: "https://users.example.com" }\n',
      },
      engine(),
    );
    await deployAlone(task, { environment: 'production' });
    expect(changes(task.runner.lines)[0]).toMatch(/--wait-timeout 60 db$/);
    expect(task.said.join('\n')).not.toContain('users');
  });

  describe('with a job that the service waits for', () => {
    const build = { context: '/w', dockerfile: 'apps/orders/Dockerfile' };
    const entry = {
      build,
      depends_on: { 'orders-migrate': { condition: 'service_completed_successfully' } },
    };
    const services = { orders: entry, 'orders-migrate': { build } };
    const withJob = (job: Partial<Outcome>) =>
      engine({
        answer: (line) => {
          if (line.endsWith('config --format json'))
            return { stdout: JSON.stringify({ services }) };
          return line.includes(' run --rm ') ? job : undefined;
        },
      });

    it('runs it once with the new image, before any new container', async () => {
      let override = '';
      const answer = withJob({ exitCode: 0 });
      const task = recordedTask(files, (line, command) => {
        const file = command.args[command.args.indexOf('--project-name') - 1];
        if (line.includes(' run --rm ')) override = readFileSync(file!, 'utf8');
        return answer(line, command);
      });
      await deployAlone(task, { environment: 'production' });
      const acts = task.runner.lines.filter((line) => / run --rm | --no-start /.test(line));
      expect(acts).toHaveLength(2);
      expect(acts[0]).toMatch(/ run --rm --no-deps --no-TTY orders-migrate$/);
      expect(JSON.parse(override)).toMatchObject({
        services: { 'orders-migrate': { image: 'acme/orders:k-1' } },
      });
    });

    it('gives it the secrets of the service between its making and its start', async () => {
      const names = { 'com.docker.compose.service': 'orders-migrate' };
      const made = [
        {
          Id: 'job',
          Name: '/job',
          RestartCount: 0,
          State: { Status: 'created' },
          Config: { Labels: names },
          NetworkSettings: { Networks: null },
        },
      ];
      const answer = withJob({});
      let lists = 0;
      const task = recordedTask(
        {
          ...files,
          'environments/production.yml':
            'services: { orders: { secrets: { DATABASE_URL: { file: ./url } } } }\n',
          url: 'postgres://spec',
        },
        (line, command) => {
          if (line.includes(' --no-start ') && line.endsWith(' orders-migrate')) lists = 1;
          if (line.includes('com.docker.compose.project=') && lists > 0) return { stdout: 'job' };
          if (line.endsWith('container inspect job')) return { stdout: JSON.stringify(made) };
          if (line.includes('container start --attach job')) return failure('no such table');
          return answer(line, command);
        },
      );
      await expect(deployAlone(task, { environment: 'production' })).rejects.toThrow(
        /orders-migrate failed, and orders was not changed[^]*no such table/,
      );
      const acts = task.runner.lines.filter(
        (line) => line.includes('container') && / job\b/.test(line),
      );
      expect(acts.filter((line) => !line.includes('inspect'))).toEqual([
        'docker container cp - job:/run/secrets',
        'docker container start --attach job',
        'docker container rm --force --volumes job',
      ]);
    });

    it('lists it in the plan, and runs nothing if only the plan is asked for', async () => {
      const task = recordedTask(files, withJob({ exitCode: 0 }));
      await deployAlone(task, { environment: 'production', plan: true });
      expect(task.said).toContain(
        '  run      orders-migrate  once, before a new container of orders',
      );
      expect(task.runner.lines.filter((line) => line.includes(' run --rm '))).toEqual([]);
    });

    it('shows the command that restarts a database whose admin may not create accounts yet', async () => {
      const job = 'orders-database-accounts';
      const depends_on = {
        'orders-database': { condition: 'service_healthy' },
        [job]: { condition: 'service_completed_successfully' },
      };
      const task = recordedTask(
        { ...files, 'environments/production.compose.yaml': 'services: {}\n' },
        engine({
          answer: (line) => {
            if (line.endsWith('config --format json')) {
              return {
                stdout: JSON.stringify({ services: { orders: { depends_on }, [job]: {} } }),
              };
            }
            return line.endsWith(` run --rm --no-deps --no-TTY ${job}`)
              ? failure('orders-database has to be restarted', RESTART_FIRST)
              : undefined;
          },
        }),
      );
      await expect(deployAlone(task, { environment: 'production' })).rejects.toThrow(
        [
          `${job} failed, and orders was not changed (exit code 78):`,
          '  orders-database has to be restarted',
          '  docker --host ssh://deploy@example.com compose --file compose.yaml --file environments/production.compose.yaml --project-name acme-production up --detach --no-deps --wait orders-database',
        ].join('\n'),
      );
      expect(task.runner.lines.filter((line) => line.includes('--no-start'))).toEqual([]);
      expect(task.read(RECEIPT)).toBeUndefined();
    });

    it('changes nothing if it fails', async () => {
      const task = recordedTask(files, withJob(failure('0002-x.sql: there is no table "y"')));
      await expect(deployAlone(task, { environment: 'production' })).rejects.toThrow(
        /orders-migrate failed, and orders was not changed[^]*there is no table "y"/,
      );
      expect(changes(task.runner.lines)).toEqual([]);
      expect(task.read(RECEIPT)).toBeUndefined();
    });
  });

  it.each([
    [
      'its own file',
      { 'apps/orders/compose.yaml': 'services:\n  orders-database:\n    image: postgres:18\n' },
      'apps/orders/compose.yaml:3: ',
    ],
    [
      'the file of the environment',
      {
        'apps/orders/compose.yaml': 'services:\n  orders-database:\n    image: postgres:17\n',
        'environments/production.compose.yaml':
          'services:\n  # Newer here.\n  orders-database: { image: postgres:18 }\n',
      },
      'environments/production.compose.yaml:3: ',
    ],
  ])('refuses another major version of a datastore in %s, planned or not', async (_, more, at) => {
    const services = {
      orders: { depends_on: { 'orders-database': { condition: 'service_healthy' } } },
      'orders-database': { image: 'postgres:18' },
    };
    const running = {
      Id: 'db',
      Name: '/acme-production-orders-database-1',
      RestartCount: 0,
      State: { Status: 'running', Health: { Status: 'healthy', Log: null } },
      Config: {
        Image: 'postgres:17',
        Labels: { 'com.docker.compose.service': 'orders-database' },
      },
      NetworkSettings: { Networks: null },
    };
    const answer: Answer = (line) => {
      if (line.endsWith('config --format json')) return { stdout: JSON.stringify({ services }) };
      if (line.includes('container ls') && line.includes('compose.project=')) {
        return { stdout: 'db' };
      }
      return line.endsWith('container inspect db')
        ? { stdout: JSON.stringify([running]) }
        : undefined;
    };
    for (const plan of [true, false]) {
      const task = recordedTask(
        { ...files, 'apps/orders/service.yml': MANIFEST_WITH_DATABASE, ...more },
        engine({ answer }),
      );
      await expect(deployAlone(task, { environment: 'production', plan })).rejects.toThrow(
        `${at}PostgreSQL 18 cannot read the files of PostgreSQL 17, and acme-production-orders-database-1 runs postgres:17`,
      );
      expect(changes(task.runner.lines)).toEqual([]);
      expect(task.read(RECEIPT)).toBeUndefined();
    }
  });

  it('writes no receipt if the roll fails', async () => {
    const answer: Answer = (line) => (line.includes('container start') ? failure('no') : undefined);
    const task = recordedTask(files, engine({ answer }));
    await expect(deployAlone(task, { environment: 'production' })).rejects.toThrow('no');
    expect(task.read(RECEIPT)).toBeUndefined();
  });
});
