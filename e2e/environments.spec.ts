import { afterAll, beforeAll, expect, it } from 'vitest';
import { mustRun } from '../tools/command.js';
import { ensureDatastoreImage } from '../tools/images/datastores/datastore-image.js';
import { describeEngine } from '../tools/testing/describe-engine.js';
import { freePort, isFree } from '../tools/testing/free-port.js';
import { freshWorkspace, useOwnPorts, type FreshWorkspace } from './fresh-workspace.js';

/** How far the ports of each environment of `init` are from those in compose.yaml. */
const OFFSETS = { development: 0, staging: 1000, production: 2000 };
type Name = keyof typeof OFFSETS;

/** The new password of the database of staging. */
const ROTATED = 'rotated1';

describeEngine('the environments of a new workspace', () => {
  let fresh: FreshWorkspace;
  let port: number;

  beforeAll(async () => {
    await ensureDatastoreImage('postgres');
    fresh = await freshWorkspace();
    const { workspace } = fresh;
    port = await freePorts();
    await workspace.nx(
      ...['g', '@org/micro:service', 'orders', '--routes=/api/orders', '--datastores=postgres'],
      '--skipInstall',
    );
    await workspace.nx(
      ...['g', '@org/micro:gateway', 'gateway', '--consumes=orders', `--port=${port}`],
    );
    await mustRun('npx', ['micro', 'env'], { cwd: workspace.root });
    await useOwnPorts(workspace);
    await workspace.commit('A platform');
  });

  afterAll(() => fresh?.remove());

  it('report what is missing before anything is built', async () => {
    const { workspace, registry } = fresh;
    await workspace.edit('environments/production.yml', `registry: ${registry}\n`, '');
    const { exitCode, output } = await deploy('production');
    await workspace.git('checkout', '--', '.');
    expect(exitCode).not.toBe(0);
    expect(output).toContain(
      'environments/production.yml is incomplete: it runs pushed images, so add "registry: registry.example.com/acme"',
    );
    await expect(workspace.read('dist/receipts/apps/orders/docker-build.json')).rejects.toThrow();
    expect(await doctor('production')).not.toContain('names no registry');
  });

  it('run beside each other on one engine, each with its own data and the same images', async () => {
    const { workspace, registry } = fresh;
    await giveDatabaseUrl('other', await password());
    for (const name of ['development', 'staging', 'production'] as const) {
      const { exitCode, output } = await deploy(name);
      expect(output).toContain(`  gateway: http://127.0.0.1:${port + OFFSETS[name]}`);
      expect(exitCode).toBe(0);
      expect(await order(name, `of ${name}`)).toBe(201);
      expect(await orders(name)).toEqual([`of ${name}`]);
    }
    const images = await Promise.all(
      (['development', 'staging', 'production'] as const).map((name) => imageOf('orders', name)),
    );
    expect(new Set(images).size).toBe(1);
    expect(images[0]).toMatch(new RegExp(`^${registry}/${workspace.name}/orders:k-.*@sha256:`));
  });

  it('pass a migration the database of a secret', async () => {
    // The database in compose.yaml does not exist.
    expect(await psql('other', 'SELECT count(*) FROM items')).toBe('1');
    expect(await psql('other', "SELECT datname FROM pg_database WHERE datname = 'orders'")).toBe(
      '',
    );
  });

  it('restart the service with a changed secret, and nothing else, although no file of the workspace changed', async () => {
    const { workspace } = fresh;
    const before = await containers('staging');
    await psql('other', `ALTER ROLE orders PASSWORD '${ROTATED}'`);
    await giveDatabaseUrl('other', ROTATED);
    expect(await workspace.git('status', '--porcelain', 'secrets')).toBe('');
    const { exitCode, output } = await deploy('staging');
    expect(output).toMatch(/restart +orders +its entry changed: secret-values;/);
    expect(exitCode).toBe(0);
    const after = await containers('staging');
    expect(changed(before, after)).toEqual(['orders']);
    expect(await orders('staging')).toEqual(['of staging']);
    expect(output).not.toContain(ROTATED);
  });

  it('have targets for comparing, topology and logs', async () => {
    const { nx } = fresh.workspace;
    expect(await nx('diff', 'platform', '-c', 'production')).toMatch(/portOffset +0 +2000/);
    expect(await nx('run', 'platform:diff', 'staging', 'production')).toMatch(/steady +2 +10/);
    const status = await nx('status', 'platform', '-c', 'staging', '--json');
    expect(status).toContain('"environment": "staging"');
    expect(await nx('status', 'platform', '--check')).toContain('orders');
    expect(await nx('logs', 'platform', '-c', 'staging', 'gateway')).toContain('gateway');
    expect(await nx('topology', 'platform')).toContain('--> service_orders');
    expect(await doctor('staging')).toContain('used by the edge for gateway');
  });

  it('do not affect builds, tests or deploys of other projects', async () => {
    const { workspace } = fresh;
    const show = async (...args: string[]) =>
      (await workspace.nx('show', 'projects', ...args)).split('\n').filter(Boolean).sort();
    expect(await show()).toContain('platform');
    for (const target of ['build', 'lint', 'test', 'docker-build', 'compose-deploy']) {
      expect(await show('--with-target', target)).not.toContain('platform');
    }
    expect(await show('--affected', '--files=README.md')).not.toContain('platform');
  });

  it('push nothing if none of them has a registry, and again as soon as one has', async () => {
    const { workspace, registry } = fresh;
    const tasks = async () => {
      const graph = await workspace.nx('run', 'orders:compose-deploy', '--graph=stdout');
      const parsed = JSON.parse(graph) as { tasks: { tasks: Record<string, object> } };
      return Object.keys(parsed.tasks.tasks).map((id) => id.replace(':development', ''));
    };
    const unpushed = ['orders:build', 'orders:docker-build', 'orders:compose-deploy'];
    expect((await tasks()).sort()).toEqual([...unpushed, 'orders:docker-push'].sort());
    for (const name of Object.keys(OFFSETS)) {
      await workspace.edit(`environments/${name}.yml`, `registry: ${registry}\n`, '');
    }
    // The image stays the same, so something else has to change.
    const entry = 'apps/orders/compose.yaml';
    await workspace.edit(entry, 'environment:\n', 'environment:\n      TZ: UTC\n');
    try {
      expect((await tasks()).sort()).toEqual(unpushed.sort());
      const { exitCode, output } = await deploy('development');
      expect([exitCode, output]).toEqual([0, expect.stringMatching(/ orders +its entry changed/)]);
      expect(await imageOf('orders', 'development')).toMatch(
        new RegExp(`^${workspace.name}/orders:k-`),
      );
      const file = 'dist/receipts/apps/orders/docker-push.development.json';
      expect(JSON.parse(await workspace.read(file))).toMatchObject({ kind: 'local' });
      expect(await workspace.nx('status', 'platform', '--check')).toContain('orders');
      expect(await workspace.nx('docker-push', 'orders')).toMatch(
        /nothing to push\S* +environments\/development\.yml has no registry/,
      );
    } finally {
      await workspace.git('checkout', '--', '.');
    }
    expect(await tasks()).toContain('orders:docker-push');
  });

  const deploy = (name: Name) =>
    fresh.workspace.startNx(['run-many', '-t', 'compose-deploy', '-c', name]).ended;

  const doctor = async (name: Name) =>
    (await fresh.workspace.startNx(['doctor', 'platform', '-c', name]).ended).output;

  const url = (name: Name) => `http://127.0.0.1:${port + OFFSETS[name]}/api/orders/items`;

  async function orders(name: Name): Promise<string[]> {
    const { items } = (await (await fetch(url(name))).json()) as { items: { name: string }[] };
    return items.map((item) => item.name);
  }

  async function order(name: Name, item: string): Promise<number> {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ name: item });
    return (await fetch(url(name), { method: 'POST', headers, body })).status;
  }

  async function password(): Promise<string> {
    const [, found] =
      /^ORDERS_DATABASE_PASSWORD=(.+)$/m.exec(await fresh.workspace.read('.env')) ?? [];
    return found!;
  }

  /** Makes staging's orders use another database than the one in compose.yaml. */
  async function giveDatabaseUrl(database: string, secret: string): Promise<void> {
    const { workspace } = fresh;
    await workspace.write(
      'secrets/staging-database',
      `postgres://orders:${secret}@orders-database:5432/${database}\n`,
    );
    const file = 'environments/staging.yml';
    if ((await workspace.read(file)).includes('staging-database')) return;
    await workspace.write('.gitignore', `${await workspace.read('.gitignore')}secrets\n`);
    const services =
      'services:\n  orders:\n    secrets:\n      DATABASE_URL: { file: ./secrets/staging-database }\n';
    await workspace.write(file, `${await workspace.read(file)}${services}`);
    await workspace.write(
      'environments/staging.compose.yaml',
      `services:\n  orders-database:\n    environment:\n      POSTGRES_DB: ${database}\n`,
    );
    await workspace.commit('A database of its own');
  }

  const ps = (...filters: string[]) =>
    mustRun('docker', [
      'ps',
      ...filters.flatMap((filter) => ['--filter', `label=com.docker.compose.${filter}`]),
      '--format',
      '{{.Label "com.docker.compose.service"}} {{.ID}} {{.Image}}',
    ]);

  async function containers(name: Name): Promise<Map<string, string>> {
    const listed = await ps(`project=${fresh.workspace.name}-${name}`);
    return new Map(
      listed
        .trim()
        .split('\n')
        .map((line) => line.split(' ') as [string, string]),
    );
  }

  async function imageOf(service: string, name: Name): Promise<string> {
    const project = `project=${fresh.workspace.name}-${name}`;
    const [, id = ''] = (await ps(project, `service=${service}`)).trim().split(' ');
    return (await mustRun('docker', ['inspect', '--format', '{{.Config.Image}}', id])).trim();
  }

  /** Runs in staging, over the socket, which needs no password. */
  async function psql(database: string, query: string): Promise<string> {
    const id = (await containers('staging')).get('orders-database')!;
    const args = ['psql', '--username=orders', `--dbname=${database}`, '-At', '--command', query];
    return (await mustRun('docker', ['exec', id, ...args])).trim();
  }
});

function changed(before: Map<string, string>, after: Map<string, string>): string[] {
  return [...after].filter(([service, id]) => before.get(service) !== id).map(([name]) => name);
}

/** A port that is free in each environment. */
async function freePorts(): Promise<number> {
  for (;;) {
    const port = 20_000 + ((await freePort()) % 9_000);
    const free = await Promise.all(Object.values(OFFSETS).map((offset) => isFree(port + offset)));
    if (free.every(Boolean)) return port;
  }
}
