import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { ensureRegistry } from '../../../../../tools/registry/ensure-registry';
import { describeSecondEngine } from '../../../../../tools/testing/second-engine/describe-second-engine';
import { EngineWorkspace, server } from '../../testing/engine-workspace';

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
    workspace.write({
      'environments/development.yml': `host: ${engine().host}\nregistry: ${registry}\nhealthTimeout: 60\nsteady: 1\n`,
    });
    for (const text of ['one', 'two', 'three']) {
      workspace.write({ 'apps/orders/src/main.ts': server(text) });
      expect(await workspace.ship('orders')).toMatchObject({ success: true });
    }
  });

  afterAll(() => {
    workspace?.remove();
    vi.unstubAllEnvs();
  });

  it('takes no way back', async () => {
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
});
