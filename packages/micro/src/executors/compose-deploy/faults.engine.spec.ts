import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureRegistry } from '../../../../../tools/registry/ensure-registry';
import { describeEngine } from '../../../../../tools/testing/describe-engine';
import { docker, EngineWorkspace, server, untilSaid } from '../../testing/engine-workspace';
import { deployUntil } from '../../testing/killed-deploy';
import { probeWhile } from '../../testing/probe';

const ENVIRONMENT = 'healthTimeout: 60\n';
/** The time starts at the first health check, so a slow start does not shorten it. */
const ENDS_LATER = `server.once('request', () => setTimeout(() => process.exit(3), 10_000));\n`;
/** A deploy has the lock, and has not yet changed what serves. */
const HAS_LOCK = { when: 'before', command: 'container start' } as const;

/** The rows of docs/faults.md, "Deploys", that are about what happens around a deploy. */
describeEngine('a deploy during which something breaks', () => {
  let workspace: EngineWorkspace;
  let version = 1;

  beforeAll(async () => {
    workspace = new EngineWorkspace();
    workspace.addService('orders', 3001, {
      main: server('v1'),
      compose: `    depends_on: { depot: { condition: service_healthy } }
  depot:
    image: node:24-bookworm-slim
    init: true
    command: [node, -e, "setInterval(() => {}, 1000)"]
    healthcheck: { test: [CMD, node, -e, ""], interval: 1s, timeout: 10s, retries: 60 }
    networks: [edge]
`,
    });
    workspace.write({ 'environments/development.yml': ENVIRONMENT });
    expect(await workspace.ship('orders')).toMatchObject({ success: true });
  });

  afterAll(() => workspace?.remove());

  const probe = <T>(work: () => Promise<T>) =>
    probeWhile(
      {
        name: `${workspace.platform}-probe`,
        network: `${workspace.platform}-development_edge`,
        url: 'http://orders:3001/',
      },
      work,
    );

  async function prepare(main = server(`v${++version}`)): Promise<string> {
    workspace.write({ 'apps/orders/src/main.ts': main });
    for (const step of ['build', 'dockerBuild', 'dockerPush'] as const) {
      expect(await workspace[step]('orders')).toMatchObject({ success: true });
    }
    return `v${version}`;
  }

  const answer = () => {
    const [id] = workspace.containerIds('orders');
    return docker('exec', id!, 'node', '-e', ASK);
  };

  const ordersLeft = () => workspace.everything().filter((name) => /^orders-|lock/.test(name));

  it('makes the second of two parallel deploys wait for the first', async () => {
    const wanted = await prepare();
    let second: ReturnType<typeof workspace.deploy> | undefined;
    const first = await deployUntil(workspace, 'orders', {
      ...HAS_LOCK,
      then: async () => {
        second = workspace.deploy('orders');
        await untilSaid(/^waiting for the lock/);
      },
    });
    const { output, success } = await second!;
    expect(first.output).toMatch(/orders.* {2}.*deployed/);
    expect(output).toMatch(/^waiting for the lock of \S+ since [^]*keep +orders/);
    expect(success).toBe(true);
    expect(answer()).toBe(wanted);
    expect(ordersLeft()).toHaveLength(1);
  });

  it('names the other deploy if the wait is too long, and changes nothing', async () => {
    await prepare();
    let output = '';
    const first = await deployUntil(workspace, 'orders', {
      ...HAS_LOCK,
      then: async () => {
        workspace.write({ 'environments/development.yml': `${ENVIRONMENT}lockTimeout: 0\n` });
        ({ output } = await workspace.deploy('orders'));
        workspace.write({ 'environments/development.yml': ENVIRONMENT });
      },
    });
    expect(output).toMatch(
      /the lock of \S+ is held by \S+@\S+ since [\d:]+ UTC \(pid \d+: compose-deploy of orders\): wait, or take the lock with --break-lock/,
    );
    expect(first.exitCode).toBe(0);
  });

  it('restores the old version if the new one ends ten seconds after it was healthy', async () => {
    const before = answer();
    await prepare(`${server('dying')}${ENDS_LATER}`);
    workspace.write({ 'environments/development.yml': `${ENVIRONMENT}steady: 20\n` });
    const { result, probed } = await probe(() => workspace.deploy('orders'));
    workspace.write({ 'environments/development.yml': ENVIRONMENT });
    expect(result.success).toBe(false);
    expect(result.output).toMatch(/was exited [\d.]+ s after it was healthy[^]*keeps serving/);
    expect(answer()).toBe(before);
    expect(ordersLeft()).toHaveLength(1);
    // What it was asked when it ended is lost with it; everything later goes to the old one.
    const failed = Object.values(probed.failures).reduce((sum, count) => sum + count, 0);
    console.info(`ended while it served: ${failed} of ${probed.asked} requests failed`);
    expect(failed).toBeLessThan(20);
    expect(Object.keys(probed.answers)).toContain(before);
  });

  it('is rolled back by hand if the new one ended after the watched time', async () => {
    const before = answer();
    const { success } = await workspace.deploy('orders');
    expect(success).toBe(true);
    await expect
      .poll(() => ordersLeft(), { timeout: 90_000, interval: 500 })
      .toEqual([expect.stringMatching(/^orders-\d+ exited$/)]);
    const back = await workspace.deploy('orders', { rollback: true });
    expect(back.output).toMatch(/create +orders {2,}back to r\d+ from r\d+[;,]/);
    expect(back.success).toBe(true);
    expect(answer()).toBe(before);
    expect(ordersLeft()).toHaveLength(1);
  });

  it('starts a dependency that is down first', async () => {
    docker('stop', '--time', '1', `${workspace.platform}-development-depot-1`);
    const wanted = await prepare();
    const { output, success } = await workspace.deploy('orders');
    expect(output).toMatch(/start +depot {2,}needed by orders/);
    expect(success).toBe(true);
    expect(answer()).toBe(wanted);
    expect(workspace.everything()).toContain('depot-1 running');
  });

  it('changes nothing if a dependency cannot be started', async () => {
    docker('rm', '--force', `${workspace.platform}-development-depot-1`);
    const text = workspace.read('apps/orders/compose.yaml');
    workspace.write({
      'apps/orders/compose.yaml': text.replace('setInterval(() => {}, 1000)', 'process.exit(4)'),
    });
    const before = answer();
    const ids = workspace.containerIds('orders');
    await prepare();
    const { output, success } = await workspace.deploy('orders');
    workspace.write({ 'apps/orders/compose.yaml': text });
    docker('rm', '--force', `${workspace.platform}-development-depot-1`);
    expect(success).toBe(false);
    expect(output).toContain('Could not start what orders needs (depot)');
    expect(answer()).toBe(before);
    expect(workspace.containerIds('orders')).toEqual(ids);
    expect(ordersLeft()).toHaveLength(1);
    expect(await workspace.deploy('orders')).toMatchObject({ success: true });
  });

  it('starts a dependency on the port that was chosen after its first one was taken', async () => {
    const depot = `${workspace.platform}-development-depot-1`;
    docker('rm', '--force', depot);
    const blocker = createServer().listen(0, '127.0.0.1');
    await new Promise((listening) => blocker.once('listening', listening));
    const publish = (port: number) =>
      workspace.write({
        'environments/development.compose.yaml': `services: { depot: { ports: ["127.0.0.1:${port}:3000"] } }\n`,
      });
    try {
      const { port } = blocker.address() as { port: number };
      publish(port);
      const { success, output } = await workspace.deploy('orders');
      expect(success).toBe(false);
      expect(output).toContain(`127.0.0.1:${port} of the host is taken`);
      publish(0);
      expect(await workspace.deploy('orders')).toMatchObject({ success: true });
      expect(docker('port', depot)).not.toContain(`:${port}`);
    } finally {
      blocker.close();
      workspace.write({ 'environments/development.compose.yaml': '{}\n' });
    }
  });

  it('keeps a dependency whose image changed, says so, and recreates it if it is gone', async () => {
    const depot = `${workspace.platform}-development-depot-1`;
    const id = () => docker('inspect', '--format', '{{.Id}} {{.Config.Image}}', depot).trim();
    const next = `${workspace.platform}-depot:2`;
    docker('commit', '--change', 'LABEL release=2', depot, next);
    const text = workspace.read('apps/orders/compose.yaml');
    const entry = text.indexOf('  depot:\n');
    try {
      workspace.write({
        'apps/orders/compose.yaml':
          text.slice(0, entry) + text.slice(entry).replace('node:24-bookworm-slim', next),
      });
      const before = id();
      const { output, success } = await workspace.deploy('orders');
      expect(success).toBe(true);
      expect(output).toMatch(
        /left +depot +it runs node:24-bookworm-slim, but its entry says \S+-depot:2/,
      );
      expect(id()).toBe(before);
      docker('rm', '--force', depot);
      const again = await workspace.deploy('orders');
      expect(again).toMatchObject({ success: true });
      expect(again.output).not.toMatch(/left +depot/);
      expect(id()).toContain(next);
    } finally {
      workspace.write({ 'apps/orders/compose.yaml': text });
      docker('rm', '--force', depot);
      docker('image', 'rm', next);
    }
  });

  it('needs no registry once the roll began, nor to go back', async () => {
    const registry = await startProxy((await ensureRegistry()).host);
    workspace.write({
      'environments/development.yml': `${ENVIRONMENT}registry: 127.0.0.1:${registry.port}\n`,
    });
    try {
      const wanted = await prepare();
      const { image, digest } = JSON.parse(
        workspace.read('dist/receipts/apps/orders/docker-push.development.json'),
      ) as { image: string; digest: string };
      for (const name of [image, `${image.replace(/:k-.*/, '')}@${digest}`, localName()]) {
        docker('image', 'rm', '--force', name);
      }
      const before = new Set(ordersLeft());
      const deploying = workspace.deploy('orders');
      await expect
        .poll(() => ordersLeft().some((name) => /^orders-/.test(name) && !before.has(name)), {
          timeout: 90_000,
          interval: 100,
        })
        .toBe(true);
      registry.stop();
      const { output, success } = await deploying;
      expect(output).toContain(`pulling  127.0.0.1:${registry.port}/`);
      expect(output).toMatch(
        new RegExp(`update +orders .*-> \\w{12} \\(${digest.slice(0, 19)}\\)`),
      );
      expect(success).toBe(true);
      expect(answer()).toBe(wanted);
      expect(await workspace.deploy('orders', { rollback: true })).toMatchObject({ success: true });
      expect(answer()).not.toBe(wanted);
      expect(await workspace.deploy('orders', { to: digest })).toMatchObject({ success: true });
      expect(answer()).toBe(wanted);
    } finally {
      registry.stop();
    }
  });

  const localName = () => workspace.receipt<{ image: string }>('orders', 'docker-build').image;
});

const ASK =
  'fetch("http://127.0.0.1:3001/").then((r) => r.text()).then((text) => process.stdout.write(text))';

/** A registry on a port of its own that can go away: it hands everything on to the real one. */
async function startProxy(host: string): Promise<{ port: number; stop: () => void }> {
  const sockets = new Set<Socket>();
  const [name = '127.0.0.1', port] = host.split(':');
  const proxy: Server = createServer((socket) => {
    const real = connect(Number(port), name);
    for (const one of [socket, real]) {
      sockets.add(one);
      one.on('error', () => undefined).on('close', () => sockets.delete(one));
    }
    socket.pipe(real).pipe(socket);
  });
  await new Promise<void>((listening) => proxy.listen(0, '127.0.0.1', listening));
  return {
    port: (proxy.address() as { port: number }).port,
    stop: () => {
      proxy.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
