import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { mustRun } from '../tools/command.js';
import { readState, type PlatformState } from '../tools/testing/deployed-platform.js';
import { describeEngine } from '../tools/testing/describe-engine.js';
import { EXAMPLE_SERVICES, type ExampleService } from '../tools/testing/example/example.js';
import { freePort } from '../tools/testing/free-port.js';
import { effectsOf, examplePlatform, type ExamplePlatform } from './example-platform.js';

interface Shop {
  members: string[];
  orders: { price: string; buyer: string }[];
}

describeEngine('a platform on an engine', () => {
  let shop: ExamplePlatform;
  /** In compose.yaml, and in environments/development.yml. */
  let ports: { compose: number; development: number };

  beforeAll(async () => {
    ports = { compose: await freePort(), development: await freePort() };
    shop = await examplePlatform(ports.compose);
  });

  afterAll(() => shop?.remove());

  it('builds the same bytes with plain docker build as with nx build', async () => {
    const { root, name, nx } = shop.workspace;
    const image = `${name}/plain:1`;
    await mustRun(
      'docker',
      [
        // The npm registry of this suite listens on the host only.
        ...['build', '--network', 'host', '--secret', 'id=npmrc,src=.npmrc'],
        ...['--file', 'apps/orders/Dockerfile', '--tag', image, '.'],
      ],
      { cwd: root },
    );
    await nx('build', 'orders');
    const bundle = readFileSync(join(root, 'dist/apps/orders/app/main.js'));
    const sum = await mustRun('docker', ['run', '--rm', image, 'sha256sum', '/app/main.js']);
    expect(sum.split(' ')[0]).toBe(createHash('sha256').update(bundle).digest('hex'));
  });

  it('starts with docker compose alone when its images exist', async () => {
    const { root, nx } = shop.workspace;
    await nx('run-many', '-t', 'docker-build');
    const compose = (...args: string[]) => mustRun('docker', ['compose', ...args], { cwd: root });
    try {
      await compose('up', '--detach', '--wait', '--no-build');
      expect((await callShop(ports.compose)).members).toEqual(['Ada', 'Grace']);
    } finally {
      await compose('down', '--volumes');
    }
  });

  it('is pushed and deployed after its first commit', async () => {
    const { read, write } = shop.workspace;
    const file = 'environments/development.yml';
    const services = `services:\n  gateway:\n    publish: ${ports.development}\n`;
    await write(file, `${await read(file)}healthTimeout: 20s\n${services}`);
    await shop.workspace.commit('Where it is deployed');
    const { pushed, restarted } = await effectsOf(shop.place, () =>
      shop.workspace.nx('run-many', '-t', 'compose-deploy'),
    );
    expect(pushed).toEqual(['users', 'orders', 'gateway']);
    expect(restarted).toEqual(['users', 'orders', 'gateway']);
    expect(await callShop(ports.development)).toMatchObject({ members: ['Ada', 'Grace'] });
    // compose.yaml has the ports for docker compose. The environment has those for deploys.
    await expect(callShop(ports.compose)).rejects.toThrow();
  });

  it('replaces the service that changed, while its consumers keep calling it', async () => {
    await shop.workspace.edit('apps/users/src/routes/users.ts', "'Grace'", "'Grace Hopper'");
    const calls = keepCalling(ports.development);
    const effects = await shop.affected('compose-deploy');
    expect(effects).toMatchObject({
      selected: ['users'],
      built: ['users'],
      pushed: ['users'],
      restarted: ['users'],
    });
    expect((await callShop(ports.development)).members).toContain('Grace Hopper');
    expect(await calls.failures()).toEqual([]);
  });

  it('restarts the service whose compose entry changed, with its existing image', async () => {
    const file = 'apps/orders/compose.yaml';
    await shop.workspace.edit(file, 'environment:\n', 'environment:\n      TZ: UTC\n');
    expect(await shop.affected('compose-deploy')).toMatchObject({
      selected: ['orders'],
      built: [],
      pushed: [],
      restarted: ['orders'],
    });
  });

  it('is left alone if nothing changed', async () => {
    const { restarted, pushed } = await effectsOf(shop.place, () =>
      shop.workspace.nx('run-many', '-t', 'compose-deploy'),
    );
    expect({ restarted, pushed }).toEqual({ restarted: [], pushed: [] });
  });

  it('keeps the old version if the new one never becomes ready, and says why', async () => {
    const { edit, startNx, git, commit } = shop.workspace;
    const before = await readState(shop.place, EXAMPLE_SERVICES);
    const broken = `resources: [{ name: 'database', kind: 'database', check: () => Promise.reject(new Error('the database is not there')), close: () => Promise.resolve() }]`;
    await edit('apps/users/src/app.ts', 'resources: Object.values(resources)', broken);
    await commit('A version that never gets ready');
    const calls = keepCalling(ports.development);
    const deploy = await startNx(['compose-deploy', 'users']).ended;
    expect(deploy.exitCode).toBe(1);
    expect(deploy.output).toContain('was not healthy after 20 s');
    expect(deploy.output).toContain('the database is not there');
    expect(deploy.output).toMatch(/users-\d+ keeps serving; it was not touched/);
    expect(await calls.failures()).toEqual([]);
    expect(containersOf(await readState(shop.place, EXAMPLE_SERVICES))).toEqual(
      containersOf(before),
    );
    await git('revert', '--no-edit', 'HEAD');
  });

  it('keeps the old version if its new port is taken', async () => {
    const { edit, startNx, git, read } = shop.workspace;
    const receipt = 'dist/receipts/apps/gateway/compose-deploy.development.json';
    const before = await read(receipt);
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const taken = (server.address() as { port: number }).port;
    try {
      await edit('environments/development.yml', `${ports.development}`, `${taken}`);
      const { exitCode, output } = await startNx(['compose-deploy', 'gateway']).ended;
      expect(exitCode).toBe(1);
      expect(output).toContain(`127.0.0.1:${taken} of the host is taken`);
      expect(await callShop(ports.development)).toMatchObject({ members: ['Ada', 'Grace Hopper'] });
      expect(await read(receipt)).toBe(before);
    } finally {
      server.close();
      await git('checkout', '--', '.');
    }
  });
});

async function callShop(port: number): Promise<Shop> {
  const response = await fetch(`http://127.0.0.1:${port}/shop`);
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  return (await response.json()) as Shop;
}

/** Calls one request after the other until it is asked for the failures. */
function keepCalling(port: number): { failures: () => Promise<string[]> } {
  const failed: string[] = [];
  let stopped = false;
  const calling = (async () => {
    while (!stopped) {
      await callShop(port).catch((error: unknown) => failed.push(String(error)));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  return {
    failures: async () => {
      stopped = true;
      await calling;
      return failed;
    },
  };
}

function containersOf(state: PlatformState<ExampleService>): string[][] {
  return EXAMPLE_SERVICES.map((service) => state[service].containers);
}
