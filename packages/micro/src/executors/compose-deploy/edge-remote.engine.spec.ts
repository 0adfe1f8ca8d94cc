import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { ensureRegistry } from '../../../../../tools/registry/ensure-registry';
import { describeSecondEngine } from '../../../../../tools/testing/second-engine/describe-second-engine';
import { doctorCommand } from '../../commands/doctor/command';
import { statusCommand } from '../../commands/status/command';
import { docker, EngineWorkspace, server } from '../../testing/engine-workspace';
import { runCommand } from '../../testing/shell';

const HOST = 'shop.localhost';
const [HTTP, HTTPS] = [8080, 8443];

describeSecondEngine('the edge of another machine', (engine) => {
  let workspace: EngineWorkspace;
  let registry = '';
  let image = '';

  const there = (...args: string[]) => engine().docker(...args);

  beforeAll(async () => {
    vi.stubEnv('PATH', `${engine().bin}:${process.env['PATH']}`);
    registry = (await ensureRegistry()).host;
    workspace = new EngineWorkspace({ deployed: there });
    // The other machine has no image of Caddy: it gets one from the registry.
    image = `${registry}/${workspace.platform}/caddy:2`;
    docker('tag', 'caddy:2', image);
    docker('push', '--quiet', image);
    workspace.addService('shop', 3000, { main: server('v1'), manifest: 'kind: gateway\n' });
    workspace.write({
      'environments/development.yml': `host: ${engine().host}
registry: ${registry}
healthTimeout: 60
steady: 1
edge: { image: "${image}" }
services:
  shop:
    publish: { host: ${HOST}, tls: internal, http: ${HTTP}, https: ${HTTPS} }
`,
    });
  });

  afterAll(() => {
    workspace?.remove();
    vi.unstubAllEnvs();
  });

  /** Where the machine is reached from here. */
  const machine = () => new URL(engine().host).hostname;
  const edgeId = () => workspace.containerIds('micro-edge')[0]!;

  /** By curl, which finds the host at the address of the machine. */
  const ask = (): string =>
    execFileSync(
      'curl',
      [
        ...['--silent', '--show-error', '--insecure', '--max-time', '20'],
        ...['--resolve', `${HOST}:${HTTPS}:${machine()}`, `https://${HOST}:${HTTPS}/`],
      ],
      { encoding: 'utf8' },
    );

  it('is brought there by a deploy over ssh, and serves', async () => {
    const { success, output } = await workspace.ship('shop');
    expect(output).toMatch(/edge +pulling/);
    expect(output).toMatch(/edge +started/);
    expect(success).toBe(true);
    expect(ask()).toBe('v1');
    expect(docker('ps', '--all', '--quiet', '--filter', `name=${workspace.platform}`)).toBe('');
  });

  it('stays while the gateway is replaced there', async () => {
    const before = edgeId();
    workspace.write({ 'apps/shop/src/main.ts': server('v2') });
    const { success, output } = await workspace.ship('shop');
    expect(output).not.toContain('stopped first');
    expect(success).toBe(true);
    expect(ask()).toBe('v2');
    expect(edgeId()).toBe(before);
  });

  it('is seen from here, with the certificate that it shows', async () => {
    const status = await runCommand(statusCommand, workspace.root, '--check');
    expect(status.output).toMatch(/✓ +edge +up to date/);
    expect(status.output).toMatch(
      new RegExp(`https://${HOST}:${HTTPS} leads to shop, certificate: \\d+ hours left`),
    );
    expect(status.exitCode).toBe(0);
    const { output } = await runCommand(doctorCommand, workspace.root, '');
    expect(output).toMatch(new RegExp(`ok +edge +the certificate of ${HOST}: \\d+ hours left`));
    // The name leads to this machine, and the engine is on another one.
    expect(output).toMatch(new RegExp(`warn +host +${HOST} leads .*, which is not the engine`));
  });

  it('survives the nightly prune of a host, and can go back afterwards', async () => {
    const before = edgeId();
    there('system', 'prune', '--all', '--force');
    expect(edgeId()).toBe(before);
    expect(ask()).toBe('v2');
    const back = await workspace.deploy('shop', { to: 1 });
    expect(back).toMatchObject({ success: true });
    expect(ask()).toBe('v1');
    expect(edgeId()).toBe(before);
  });
});
