import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { describeCluster } from '../../../../../tools/testing/describe-cluster';
import { ClusterWorkspace } from '../../testing/cluster-workspace';

describeCluster('kubernetes-deploy', () => {
  let workspace: ClusterWorkspace;
  beforeAll(() => {
    workspace = new ClusterWorkspace(inject('cluster')!);
    workspace.addService('orders', 3001, { here: { environment: { COLOUR: 'green' } } });
    workspace.push('orders', 'one');
  });
  afterAll(() => workspace.remove());

  it('creates what is not there, and writes nothing the second time', async () => {
    const first = await workspace.deploy();

    expect(first.failures).toEqual({});
    const versions = workspace.versions();
    const second = await workspace.deploy();
    expect(second.output).toContain('nothing changed');
    expect(workspace.versions()).toEqual(versions);
  });
});
