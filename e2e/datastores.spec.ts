import { afterAll, beforeAll, expect, it } from 'vitest';
import { mustRun } from '../tools/command.js';
import { ensureDatastoreImage } from '../tools/images/datastores/datastore-image.js';
import { describeEngine } from '../tools/testing/describe-engine.js';
import { freePort } from '../tools/testing/free-port.js';
import { freshWorkspace, useOwnPorts, type FreshWorkspace } from './fresh-workspace.js';

interface Items {
  items: { id: string; name: string }[];
}

const MEGABYTE = 1_000_000;

describeEngine('a service with PostgreSQL and Redis', () => {
  let fresh: FreshWorkspace;
  let url: string;
  /** The same with Express routes and MariaDB. */
  let deskUrl: string;

  beforeAll(async () => {
    await ensureDatastoreImage('postgres');
    await ensureDatastoreImage('redis');
    await ensureDatastoreImage('mariadb');
    fresh = await freshWorkspace();
    const { workspace } = fresh;
    const [port, deskPort] = [await freePort(), await freePort()];
    url = `http://127.0.0.1:${port}`;
    deskUrl = `http://127.0.0.1:${deskPort}`;
    const desk = ['desk', '--framework=express', '--datastores=mariadb'];
    await workspace.nx('g', '@org/micro:service', ...desk, '--skipInstall');
    await workspace.nx('g', '@org/micro:service', 'shelf', '--datastores=postgres,redis');
    const file = 'environments/development.yml';
    // Asked through the published port, as which requests from outside count; the edge lets nobody ask.
    const published = `healthTimeout: 60s\nedge: false\nservices:\n  shelf:\n    publish: ${port}\n    environment: { PROBE_NETWORKS: '10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16' }\n  desk:\n    publish: ${deskPort}\n`;
    await workspace.write(file, (await workspace.read(file)) + published);
    await useOwnPorts(workspace);
    await mustRun('npx', ['micro', 'env'], { cwd: workspace.root });
    await workspace.commit('A shelf');
  });

  afterAll(() => fresh?.remove());

  it('passes its own checks as generated', async () => {
    const { nx } = fresh.workspace;
    await nx('sync:check');
    await nx('run-many', '-t', 'lint', 'test', 'typecheck', '-p', 'shelf', 'desk');
  });

  it('is deployed with its datastores, after its migration, and keeps its data', async () => {
    const output = await fresh.workspace.nx('compose-deploy', 'shelf');
    expect(output).toMatch(/ran\S* +shelf-migrate/);
    expect(await post('/items', { name: 'a book' })).toBe(201);
    expect((await getItems()).map(({ name }) => name)).toEqual(['a book']);
    // Now from the cache, and from the database after the next item was added.
    expect((await getItems()).map(({ name }) => name)).toEqual(['a book']);
    expect(await post('/items', { name: 'another' })).toBe(201);
    expect((await getItems()).map(({ name }) => name)).toEqual(['another', 'a book']);
    expect(await post('/items', { name: '' })).toBe(400);
  });

  it('works the same with Express and MariaDB', async () => {
    await fresh.workspace.nx('compose-deploy', 'desk');
    expect(await post('/items', { name: 'a lamp' }, deskUrl)).toBe(201);
    expect(await post('/items', { name: '' }, deskUrl)).toBe(400);
    expect((await getItems(deskUrl)).map(({ name }) => name)).toEqual(['a lamp']);
    const unknown = await fetch(`${deskUrl}/nothing`);
    expect(unknown.status).toBe(404);
    expect(unknown.headers.get('x-request-id')).toMatch(/./);
  });

  it('adds less than 6 MB to its base image', async () => {
    const receipt = JSON.parse(
      await fresh.workspace.read('dist/receipts/apps/shelf/docker-build.json'),
    ) as { size: { total: number; base: number } };
    expect(receipt.size.total - receipt.size.base).toBeLessThan(6 * MEGABYTE);
  });

  it('is not ready while its database is down, stays alive, and recovers by itself', async () => {
    const [before] = await containers('shelf');
    const [database] = await containers('shelf-database');
    await mustRun('docker', ['stop', database!]);
    await expect.poll(() => status('/ready'), { timeout: 60_000 }).toBe(503);
    expect(await status('/health')).toBe(200);
    await mustRun('docker', ['start', database!]);
    await expect.poll(() => status('/ready'), { timeout: 60_000 }).toBe(200);
    expect((await getItems()).length).toBe(2);
    expect(await containers('shelf')).toEqual([before]);
  });

  it('serves from the database while its cache is down', async () => {
    const [cache] = await containers('shelf-cache');
    await mustRun('docker', ['stop', cache!]);
    expect((await getItems()).length).toBe(2);
    await mustRun('docker', ['start', cache!]);
    await expect.poll(() => status('/ready'), { timeout: 60_000 }).toBe(200);
  });

  it('applies a new migration once, with the version that needs it', async () => {
    const { workspace } = fresh;
    await workspace.write(
      'apps/shelf/migrations/0002-add-note.sql',
      "ALTER TABLE items ADD COLUMN note text NOT NULL DEFAULT 'new';\n",
    );
    expect(await workspace.nx('compose-deploy', 'shelf')).toMatch(/ran\S* +shelf-migrate/);
    expect(await workspace.nx('compose-deploy', 'shelf')).not.toMatch(/ran\S* +shelf-migrate/);
    expect((await getItems()).length).toBe(2);
  });

  it('keeps the old version serving if a migration fails', async () => {
    const { workspace } = fresh;
    const before = await containers('shelf');
    await workspace.write(
      'apps/shelf/migrations/0003-wrong.sql',
      'ALTER TABLE nothing ADD x int;\n',
    );
    const { exitCode, output } = await workspace.startNx(['compose-deploy', 'shelf']).ended;
    expect(exitCode).not.toBe(0);
    expect(output).toContain('shelf-migrate failed, and shelf was not changed');
    expect(output).toContain('0003-wrong.sql');
    expect(await containers('shelf')).toEqual(before);
    expect((await getItems()).length).toBe(2);
  });

  const status = async (path: string) => (await fetch(url + path)).status;

  const post = async (path: string, body: object, base = url) => {
    const headers = { 'content-type': 'application/json' };
    const init = { method: 'POST', headers, body: JSON.stringify(body) };
    return (await fetch(base + path, init)).status;
  };

  const getItems = async (base = url) =>
    ((await (await fetch(`${base}/items`)).json()) as Items).items;

  async function containers(service: string): Promise<string[]> {
    const project = `${fresh.workspace.name}-development`;
    const filters = [`project=${project}`, `service=${service}`].flatMap((label) => [
      '--filter',
      `label=com.docker.compose.${label}`,
    ]);
    return (await mustRun('docker', ['ps', '--quiet', ...filters])).split('\n').filter(Boolean);
  }
});
