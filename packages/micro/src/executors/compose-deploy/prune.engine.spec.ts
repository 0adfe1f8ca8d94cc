import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { ensureRegistry } from '../../../../../tools/registry/ensure-registry';
import { describeSecondEngine } from '../../../../../tools/testing/second-engine/describe-second-engine';
import { EngineWorkspace, server } from '../../testing/engine-workspace';
import { deployUntil, type Moment } from '../../testing/killed-deploy';

const ASK =
  "fetch('http://127.0.0.1:3001/').then((r) => r.text()).then((text) => process.stdout.write(text))";

/** What a host does every night, for real, on an engine of its own. */
describeSecondEngine('docker system prune -af', (engine) => {
  let workspace: EngineWorkspace;

  const there = (...args: string[]) => engine().docker(...args);
  const prune = () => there('system', 'prune', '--all', '--force');
  const answer = () => there('exec', workspace.containerIds('orders')[0]!, 'node', '-e', ASK);

  beforeAll(async () => {
    vi.stubEnv('PATH', `${engine().bin}:${process.env['PATH']}`);
    const registry = (await ensureRegistry()).host;
    workspace = new EngineWorkspace({ deployed: there });
    workspace.addService('orders', 3001);
    workspace.addService('users', 3002);
    workspace.write({ 'secrets/api-key': 'spec-secret-prune' });
    environment();
    for (const text of ['one', 'two', 'three']) {
      workspace.write({ 'apps/orders/src/main.ts': server(text) });
      expect(await workspace.ship('orders')).toMatchObject({ success: true });
    }

    function environment() {
      workspace.write({
        'environments/development.yml': `host: ${engine().host}
registry: ${registry}
healthTimeout: 20
steady: 1
services:
  orders:
    secrets: { API_KEY: { file: ./secrets/api-key } }
`,
      });
    }
  });

  afterAll(() => {
    workspace?.remove();
    vi.unstubAllEnvs();
  });

  it('removes nothing that a rollback needs', async () => {
    const { key } = workspace.receipt('orders', 'docker-push.development');
    prune();
    expect(await workspace.deploy('orders', { rollback: true })).toMatchObject({ success: true });
    expect(answer()).toBe('two');
    prune();
    expect(await workspace.deploy('orders', { to: 'r1' })).toMatchObject({ success: true });
    expect(answer()).toBe('one');
    prune();
    expect(await workspace.deploy('orders', { to: `k-${key.slice(0, 12)}` })).toMatchObject({
      success: true,
    });
    expect(answer()).toBe('three');
  });

  it('lets --atomic restore what was deployed, even if it runs in between', async () => {
    const key = () => workspace.receipt('orders', 'docker-push.development').key;
    const [before, ids] = [key(), workspace.containerIds('orders')];
    prune();
    await push('orders', server('four'));
    await push('users', server('never', { ready: false }));
    const deploy = workspace.deployTogether(['orders', 'users'], { atomic: true });
    // The new one serves and the old one is gone, so its image is not used any more.
    while (workspace.containerIds('orders').some((id) => ids.includes(id))) await sleep(100);
    expect(prune()).toContain('Deleted Images');
    const { success, ended } = await deploy;
    expect(ended['orders']!.output).toContain('orders was put back to r3');
    expect(success).toBe(false);
    expect(answer()).toBe('three');
    expect(workspace.containerIds('users')).toEqual([]);
    expect(there('inspect', workspace.containerIds('orders')[0]!)).toContain(before);
  });

  it.each<[string, Moment]>([
    ['before the new container is made', { when: 'before', command: 'compose .*--no-start' }],
    ['before it is started', { when: 'before', command: 'container start' }],
  ])('breaks no deploy %s', async (what, moment) => {
    await push('orders', server(what));
    const { exitCode, output } = await deployUntil(workspace, 'orders', {
      ...moment,
      then: () => Promise.resolve(void prune()),
    });
    expect(output).toMatch(/orders +deployed/);
    expect(exitCode).toBe(0);
    expect(answer()).toBe(what);
    expect(workspace.containerIds('orders')).toHaveLength(1);
  });

  async function push(service: string, main: string): Promise<void> {
    workspace.write({ [`apps/${service}/src/main.ts`]: main });
    for (const step of ['build', 'dockerBuild', 'dockerPush'] as const) {
      expect(await workspace[step](service)).toMatchObject({ success: true });
    }
  }
});
