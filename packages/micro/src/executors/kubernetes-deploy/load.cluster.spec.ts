import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { describeCluster } from '../../../../../tools/testing/describe-cluster';
import { call, underLoad } from '../../testing/cluster-load';
import { ClusterWorkspace } from '../../testing/cluster-workspace';

const ROLLOUTS = 10;
describeCluster('requests to a port of a node', () => {
  let workspace: ClusterWorkspace;
  let url: string;
  beforeAll(async () => {
    workspace = new ClusterWorkspace(inject('cluster')!);
    workspace.addService('orders', 3001);
    workspace.push('orders', 'v0');
    expect((await workspace.deploy()).failures).toEqual({});
    url = workspace.publishOnNode('orders');
  });
  afterAll(() => workspace.remove());

  it(`are all answered while ${ROLLOUTS} versions are deployed`, async () => {
    // The nodes need a moment to know the port.
    await expect.poll(() => call(url), { timeout: 60_000 }).toBe('v0');
    const versions = ['v0'];
    const report = await underLoad(url, async () => {
      for (let rollout = 1; rollout <= ROLLOUTS; rollout++) {
        workspace.push('orders', `v${rollout}`);
        versions.push(`v${rollout}`);
        expect((await workspace.deploy()).failures).toEqual({});
      }
      await expect.poll(() => call(url), { timeout: 60_000 }).toBe(versions.at(-1));
    });
    expect(report.lost).toEqual([]);
    expect([...report.versions].sort()).toEqual(versions.sort());
  });

  it('are all answered by the old version while one that is never ready is refused', async () => {
    const before = await call(url);
    workspace.push('orders', 'ill');
    workspace.set('orders', { environment: { NEVER_READY: 'yes' } });
    const report = await underLoad(url, async () => {
      const { failures } = await workspace.deploy();
      expect(failures['orders']).toContain('orders runs r11 as before');
    });
    expect(report.lost).toEqual([]);
    expect([...report.versions]).toEqual([before]);
  });
});
