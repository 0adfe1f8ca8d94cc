import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeEngine } from '../../../../../tools/testing/describe-engine';
import { freePort } from '../../../../../tools/testing/free-port';
import { askHost } from '../../testing/edge-caller';
import { docker, EngineWorkspace, server } from '../../testing/engine-workspace';

const HOST = 'shop.localhost';

describeEngine('a change of the edge that cannot be', () => {
  let workspace: EngineWorkspace;
  let port: number;
  let http: number;
  let https: number;
  let version = 1;

  beforeAll(async () => {
    [port, http, https] = [await freePort(), await freePort(), await freePort()];
    workspace = new EngineWorkspace();
    workspace.addService('gateway', 3000, { main: server('v1'), manifest: 'kind: gateway\n' });
    workspace.addService('orders', 3001, { main: server('orders') });
    environment({ edge: 'false' });
    await push('gateway', 'orders');
    expect(await deployBoth()).toMatchObject({ success: true });
  });

  afterAll(() => workspace?.remove());

  const environment = ({ edge = '{}', publish = String(port) } = {}) =>
    workspace.write({
      'environments/development.yml': `healthTimeout: 8\nsteady: 1\nedge: ${edge}\nservices:\n  gateway:\n    publish: ${publish}\n`,
    });

  const asHost = (tls: string) =>
    `{ host: ${HOST}, tls: ${tls}, address: 127.0.0.1, http: ${http}, https: ${https} }`;

  const deployBoth = (options = {}) => workspace.deployTogether(['gateway', 'orders'], options);

  async function push(...services: string[]): Promise<void> {
    for (const service of services) {
      for (const step of ['build', 'dockerBuild', 'dockerPush'] as const) {
        expect(await workspace[step](service)).toMatchObject({ success: true });
      }
    }
  }

  /** A gateway that is well, and orders that never gets ready. */
  async function pushOneGoodOneBad(): Promise<void> {
    workspace.write({
      'apps/gateway/src/main.ts': server(`v${++version}`),
      'apps/orders/src/main.ts': server(`orders ${version}`, { ready: false }),
    });
    await push('gateway', 'orders');
  }

  const ask = async () => (await askHost({ host: 'localhost', port }, '/')).text;
  const edgeIds = () => workspace.containerIds('micro-edge');
  const config = () => docker('exec', edgeIds()[0]!, 'cat', '/etc/edge/caddy.json');
  const served = () => docker('exec', edgeIds()[0]!, 'cat', '/etc/edge/fingerprint');
  const containers = () =>
    workspace.everything().filter((one) => /^(gateway|micro-edge)-\d/.test(one));

  /** Node reads such a key, and Go, which Caddy is made of, does not. */
  const makeKeyPair = () =>
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:secp256k1', '-nodes'],
        ...['-days', '2', '-subj', `/CN=${HOST}`, '-addext', `subjectAltName=DNS:${HOST}`],
        ...['-keyout', join(workspace.root, 'odd.key'), '-out', join(workspace.root, 'odd.pem')],
      ],
      { stdio: 'pipe' },
    );

  it('ends before anything is changed if its image can neither be found nor pulled', async () => {
    const before = workspace.containerIds('gateway');
    environment({ edge: '{ image: "127.0.0.1:9/caddy:2" }' });
    const { success, output } = await workspace.deploy('gateway');
    expect(success).toBe(false);
    expect(output).toContain('Could not pull 127.0.0.1:9/caddy:2');
    expect(output).toMatch(
      /nothing was changed\. Load it into the engine, name it in another registry with "edge: \{ image: .* in environments\/development\.yml, or .*"edge: false"/,
    );
    expect(workspace.containerIds('gateway')).toEqual(before);
    expect(await ask()).toBe('v1');
  });

  it('ends before it takes over the port if Caddy refuses the configuration', async () => {
    makeKeyPair();
    const before = workspace.containerIds('gateway');
    environment({ publish: asHost('{ certificate: odd.pem, key: odd.key }') });
    const { success, output } = await workspace.deploy('gateway');
    expect(success).toBe(false);
    expect(output).toContain('The edge refuses its settings; nothing was changed');
    expect(output).toMatch(/unsupported elliptic curve|x509/);
    expect(output).toContain('environments/development.yml:6 (services.gateway.publish)');
    expect(workspace.containerIds('gateway')).toEqual(before);
    expect(containers()).toHaveLength(1);
    expect(await ask()).toBe('v1');
  });

  it('gives the port back with --atomic if another service fails', async () => {
    environment();
    await pushOneGoodOneBad();
    const { success, ended } = await deployBoth({ atomic: true });
    expect(success).toBe(false);
    expect(ended['gateway']!.output).toContain('gateway was put back to r1');
    expect(containers()).toHaveLength(1);
    expect(docker('port', workspace.containerIds('gateway')[0]!)).toContain(`:${port}`);
    expect(await ask()).toBe('v1');
  });

  it('is put back with --atomic if another service fails', async () => {
    workspace.write({ 'apps/orders/src/main.ts': server('orders') });
    await push('orders');
    expect(await deployBoth()).toMatchObject({ success: true });
    expect(await ask()).toBe(`v${version}`);
    const before = { ids: edgeIds(), config: config(), served: served() };
    const stays = `v${version}`;

    environment({ edge: '{ accessLog: json, idleTimeout: 30 }' });
    await pushOneGoodOneBad();
    const { success, output } = await deployBoth({ atomic: true });
    expect(output).toMatch(/reload +edge +its configuration changed/);
    expect(output).toMatch(/edge +reloaded/);
    expect(success).toBe(false);
    expect({ ids: edgeIds(), config: config(), served: served() }).toEqual(before);
    expect(await ask()).toBe(stays);
    // What runs is what stands in its file: nothing is logged.
    expect(docker('logs', edgeIds()[0]!)).not.toContain('"uri"');
  });

  it('is not replaced with --atomic if another service fails', async () => {
    const before = { ids: edgeIds(), served: served() };
    const stays = await ask();
    environment({ publish: String(await freePort()) });
    const moved = await deployBoth({ atomic: true });
    expect(moved.success).toBe(false);
    expect({ ids: edgeIds(), served: served() }).toEqual(before);
    environment({ edge: 'false' });
    const removed = await deployBoth({ atomic: true });
    expect(removed.output).toMatch(/remove +edge/);
    expect(removed.ended['gateway']!.output).toContain('gateway was put back');
    expect(removed.success).toBe(false);
    await expect.poll(() => ask().catch(String), { timeout: 10_000 }).toBe(stays);
    expect({ ids: edgeIds(), served: served() }).toEqual(before);
  });

  it('leaves the edge serving if it refuses a new configuration', async () => {
    environment({ publish: asHost('internal') });
    workspace.write({ 'apps/orders/src/main.ts': server('orders') });
    await push('orders');
    expect(await deployBoth()).toMatchObject({ success: true });
    const before = { ids: edgeIds(), served: served() };
    environment({ publish: asHost('{ certificate: odd.pem, key: odd.key }') });
    const { success, output } = await workspace.deploy('gateway');
    expect(success).toBe(false);
    expect(output).toMatch(/The edge \S+ refused its new configuration and keeps the one before/);
    expect(output).toContain('environments/development.yml:6 (services.gateway.publish)');
    expect({ ids: edgeIds(), served: served() }).toEqual(before);
    expect((await askHost({ host: HOST, port: http }, '/')).status).toBe(308);
    docker('restart', edgeIds()[0]!);
    await expect
      .poll(() => askHost({ host: HOST, port: http }, '/').then(({ status }) => status, String), {
        timeout: 20_000,
      })
      .toBe(308);
  });
});
