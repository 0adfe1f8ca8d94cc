import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { describeCluster } from '../../../../../tools/testing/describe-cluster';
import { ClusterWorkspace } from '../../testing/cluster-workspace';
import { deployUntil, type Moment } from '../../testing/killed-deploy';

describeCluster('a deploy that is interrupted', () => {
  let workspace: ClusterWorkspace;
  beforeAll(() => {
    workspace = new ClusterWorkspace(inject('cluster')!);
    workspace.addService('orders', 3001);
    workspace.push('orders', 'v0');
  });
  afterAll(() => workspace.remove());

  const killed = (moment: Moment) => {
    const program = 'cluster-deploy-process.ts';
    return deployUntil({ root: workspace.root, program }, 'orders', moment);
  };

  it.each<[string, Moment]>([
    ['before the first object of a first deploy', { when: 'before', command: ' apply ', nth: 2 }],
    ['after the objects were applied', { when: 'after', command: ' apply ', nth: 1 }],
    ['while the rollout is watched', { when: 'during', command: ' get .*pods', nth: 2 }],
    ['before the release is recorded', { when: 'before', command: ' apply ', nth: 2 }],
    ['before the lease is taken', { when: 'before', command: ' replace ', nth: 1 }],
    ['before the lease is given back', { when: 'after', command: ' apply ', nth: 2 }],
  ])('by kill -9 %s is finished by the next one', async (moment, at) => {
    workspace.push('orders', `to ${moment}`.replaceAll(' ', '-'));
    expect(await killed(at)).toMatchObject({ ended: 'SIGKILL' });
    const { failures, output } = await workspace.deploy();
    expect(failures, output).toEqual({});
    expect(workspace.served('orders')).toEqual([workspace.image('orders')]);
    const before = workspace.versions();
    expect((await workspace.deploy()).output).toContain('nothing changed');
    expect(workspace.versions()).toEqual(before);
  });

  it('by SIGTERM goes back at once', async () => {
    const before = workspace.served('orders');
    workspace.push('orders', 'ended');
    const { exitCode, output } = await killed({
      ...{ when: 'before', command: ' get .*pods', nth: 1, signal: 'TERM' },
    });
    expect(exitCode).toBe(1);
    expect(output).toContain('the deploy was ended by SIGTERM');
    expect(output).toMatch(/orders runs r\d+ as before/);
    expect(workspace.served('orders')).toEqual(before);
  });

  it('waits for another one, and deploys after it', async () => {
    workspace.push('orders', 'both');
    const both = await Promise.all([workspace.deploy(), workspace.deploy()]);
    expect(both.map(({ failures }) => failures)).toEqual([{}, {}]);
    const outputs = both.map(({ output }) => output).join('\n');
    expect(outputs.match(/cluster {2}done {2}1 updated/g)).toHaveLength(1);
    expect(workspace.served('orders')).toEqual([workspace.image('orders')]);
  });
});
