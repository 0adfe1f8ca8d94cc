import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeEngine } from '../../../../../tools/testing/describe-engine';
import { EngineWorkspace, server } from '../../testing/engine-workspace';

/** Two clones of one repository deploy to one environment. */
describeEngine('commits', () => {
  let ada: EngineWorkspace;
  let bob: EngineWorkspace;

  beforeAll(() => {
    ada = new EngineWorkspace();
    bob = new EngineWorkspace({ platform: ada.platform });
    for (const clone of [ada, bob]) {
      clone.addService('orders', 3001);
      clone.addService('users', 3002);
      clone.write({ '.gitignore': 'dist\n' });
      clone.git('init', '--quiet', '--initial-branch', 'main');
    }
    commit('one');
    bob.git('remote', 'add', 'origin', `file://${ada.root}`);
    bob.git('fetch', '--quiet', 'origin');
    bob.git('reset', '--quiet', '--hard', 'origin/main');
  });

  afterAll(() => {
    bob?.remove();
    ada?.remove();
  });

  /** Ada commits, with another answer of orders. */
  function commit(text: string): void {
    ada.write({ 'apps/orders/src/main.ts': server(text) });
    ada.git('add', '.');
    const author = ['-c', 'user.name=ada', '-c', 'user.email=ada@example.com'];
    ada.git(...author, 'commit', '--quiet', '-m', text);
  }

  const plan = async (clone: EngineWorkspace) => {
    const { success, output } = await clone.deploy('orders', { plan: true, json: true });
    const line = output.split('\n').find((one) => one.startsWith('{'))!;
    type Service = { action: string; commit?: Record<string, unknown> };
    const { services } = JSON.parse(line) as { services: [Service] };
    return { success, ...services[0] };
  };

  it('an older commit replaces a newer one only if told to', async () => {
    expect(await bob.ship('orders')).toMatchObject({ success: true });
    commit('two');
    expect(await ada.ship('orders')).toMatchObject({ success: true });
    const [running] = ada.containerIds('orders');

    const unfetched = await bob.ship('orders');
    expect(unfetched.success).toBe(false);
    expect(unfetched.output).toContain('which is not in the history of this workspace');
    bob.git('fetch', '--quiet', 'origin');
    const refused = await bob.deployTogether(['orders']);
    expect(refused.success).toBe(false);
    expect(refused.ended['orders']!.output).toContain(
      'the running version is 1 commit newer than this workspace',
    );
    expect(await plan(bob)).toMatchObject({
      success: false,
      action: 'update',
      commit: { relation: 'newer', newer: 1, refused: true },
    });
    expect(ada.containerIds('orders')).toEqual([running]);

    expect(await bob.deploy('orders', { allowOlder: true })).toMatchObject({ success: true });
    expect(await plan(ada)).toMatchObject({
      success: true,
      action: 'update',
      commit: { relation: 'older', refused: false },
    });
  });

  it('a rollback is always allowed, and runs the commit of its release', async () => {
    expect(await ada.deploy('orders')).toMatchObject({ success: true });
    expect(await bob.deploy('orders', { rollback: true })).toMatchObject({ success: true });
    expect(await plan(ada)).toMatchObject({ commit: { relation: 'older' } });
    expect(await ada.deploy('orders')).toMatchObject({ success: true });
  });

  it('a later commit that changed nothing counts, too', async () => {
    commit('three');
    bob.git('fetch', '--quiet', 'origin');
    bob.git('reset', '--quiet', '--hard', 'origin/main');
    commit('two');
    const [running] = ada.containerIds('orders');
    expect(await ada.ship('orders')).toMatchObject({ success: true });
    expect(ada.containerIds('orders')).toEqual([running]);
    bob.git('fetch', '--quiet', 'origin');
    const { success, output } = await bob.ship('orders');
    expect(success).toBe(false);
    expect(output).toContain('the running version is 1 commit newer than this workspace');
    expect(ada.containerIds('orders')).toEqual([running]);
  });

  it('another service of the older commit does not mind', async () => {
    expect(await bob.ship('users')).toMatchObject({ success: true });
  });
});
