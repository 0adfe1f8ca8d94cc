import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { describeAutoscaler } from '../../../../../tools/testing/describe-cluster';
import { call, underLoad } from '../../testing/cluster-load';
import { ClusterWorkspace } from '../../testing/cluster-workspace';

describeAutoscaler('a deploy while an autoscaler works', () => {
  const here = {
    // Each request takes 10 ms of a processor, of which little is requested.
    environment: { WORK: '10' },
    requests: { cpus: 0.05 },
    autoscale: { min: 1, max: 3, cpu: 50 },
  };
  let workspace: ClusterWorkspace;
  let url: string;
  beforeAll(async () => {
    workspace = new ClusterWorkspace(inject('cluster')!);
    workspace.addService('orders', 3001, { here });
    workspace.push('orders', 'v1');
    expect((await workspace.deploy()).failures).toEqual({});
    url = workspace.publishOnNode('orders');
  });
  afterAll(() => workspace.remove());

  const of = (object: string, path: string) =>
    workspace.kubectl('get', object, '--output', `jsonpath={${path}}`);
  const replicas = () => Number(of('deployment/orders', '.spec.replicas'));

  it('keeps the pods that it made, loses no request, and leaves the next decision to it', async () => {
    // The nodes need a moment to know the port.
    await expect.poll(() => call(url), { timeout: 60_000 }).toBe('v1');
    const report = await underLoad(url, async () => {
      await expect.poll(replicas, { timeout: 240_000, interval: 1000 }).toBe(3);
      const { output } = await workspace.deploy(undefined, { plan: true });
      expect(output).toContain('nothing changed');
      workspace.push('orders', 'v2');
      expect((await workspace.deploy()).failures).toEqual({});
      expect(replicas()).toBe(3);
      expect(of('deployment/orders', '.status.readyReplicas')).toBe('3');
      await expect.poll(() => call(url), { timeout: 60_000 }).toBe('v2');
    });
    expect(report.lost).toEqual([]);
    expect([...report.versions].sort()).toEqual(['v1', 'v2']);
    expect((await workspace.deploy()).output).toContain('up to date');
  });

  it('gives the number of pods back to it if a deploy that fixes the number fails', async () => {
    workspace.set('orders', { replicas: 2, environment: { CRASH: 'yes' } });
    const before = replicas();
    const { failures } = await workspace.deploy();
    expect(failures['orders']).toMatch(/orders runs r\d as before/);
    expect(replicas()).toBe(before);
    expect(of('hpa/orders', '.spec.maxReplicas')).toBe('3');
    workspace.set('orders', here);
    expect((await workspace.deploy()).failures).toEqual({});
    expect(replicas()).toBe(before);
  });
});
