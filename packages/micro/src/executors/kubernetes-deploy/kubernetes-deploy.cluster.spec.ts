import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { describeCluster } from '../../../../../tools/testing/describe-cluster';
import { ClusterWorkspace } from '../../testing/cluster-workspace';

describeCluster('kubernetes-deploy', () => {
  let workspace: ClusterWorkspace;
  beforeAll(() => {
    workspace = new ClusterWorkspace(inject('cluster')!);
    process.env['CLUSTER_SPEC_KEY'] = 'first';
    const secrets = { API_KEY: { environment: 'CLUSTER_SPEC_KEY' } };
    workspace.addService('orders', 3001, { here: { secrets } });
    workspace.addService('gateway', 3000, { manifest: 'consumes: [orders]\n' });
    workspace.push('orders', 'one');
    workspace.push('gateway', 'one');
  });
  afterAll(() => {
    delete process.env['CLUSTER_SPEC_KEY'];
    workspace.remove();
  });

  /** Objects that were written since `before`, and those that are new or gone. */
  const written = (before: Record<string, string>) => {
    const now = workspace.versions();
    const names = new Set([...Object.keys(before), ...Object.keys(now)]);
    return [...names].filter((name) => before[name] !== now[name]).sort();
  };

  it('creates what is not there, and writes nothing the second time', async () => {
    const first = await workspace.deploy();
    expect(first.failures).toEqual({});
    expect(first.output).toContain('orders  deployed  r1 in cluster');
    const before = workspace.versions();
    const second = await workspace.deploy();
    expect(second.output).toMatch(/cluster {2}up to date {2}2 kept/);
    expect(written(before)).toEqual([]);
  });

  it('touches the objects of the changed service alone', async () => {
    workspace.push('orders', 'two');
    const before = workspace.versions();
    const { failures } = await workspace.deploy();
    expect(failures).toEqual({});
    const others = written(before).filter((name) => !/^Pod\/orders-/.test(name));
    expect(others).toEqual([
      'ConfigMap/orders-releases',
      'Deployment/orders',
      expect.stringContaining('Lease/') as string,
    ]);
  });

  it('rolls the users of a changed secret alone, and keeps the image', async () => {
    process.env['CLUSTER_SPEC_KEY'] = 'second';
    const before = workspace.versions();
    const { output, failures } = await workspace.deploy();
    expect(failures).toEqual({});
    expect(output).toContain('restart  orders  other secrets');
    expect(written(before).filter((name) => name.includes('gateway'))).toEqual([]);
  });

  it('says why an image cannot be pulled, and the old version goes on', async () => {
    const served = workspace.image('orders');
    const image = `${workspace.cluster.registry}/${workspace.platform}/orders:k-none`;
    workspace.pushed('orders', { key: 'f'.repeat(64), image, digest: `sha256:${'0'.repeat(64)}` });
    const started = Date.now();
    const { failures } = await workspace.deploy(['orders', 'gateway']);
    expect(failures['orders']).toMatch(/^orders: .* cannot be pulled: .*not found/);
    expect(failures['orders']).toMatch(/orders runs r2 as before/);
    expect(Date.now() - started).toBeLessThan(60_000);
    expect(workspace.served('orders')).toEqual([served]);
  });

  it('says with the last lines why a container ends', async () => {
    workspace.push('orders', 'three');
    workspace.set('orders', { environment: { CRASH: 'yes' } });
    const { failures } = await workspace.deploy();
    expect(failures['orders']).toContain('it ends again and again (exit code 3)');
    expect(failures['orders']).toContain('no such table: orders');
    expect(failures['orders']).toContain('orders runs r2 as before');
  });

  it('says that a pod is never ready', async () => {
    workspace.set('orders', { environment: { NEVER_READY: 'yes' } });
    const { failures } = await workspace.deploy(['orders']);
    expect(failures['orders']).toContain('its new pod did not become ready in time');
    expect(failures['orders']).toContain(
      'Readiness probe failed: HTTP probe failed with statuscode: 503',
    );
    expect(failures['orders']).toContain('orders runs r2 as before');
  });

  it('goes back to a release with the secrets of today, and further back', async () => {
    const secrets = { API_KEY: { environment: 'CLUSTER_SPEC_KEY' } };
    workspace.set('orders', { secrets });
    expect((await workspace.deploy(['orders'])).failures).toEqual({});
    process.env['CLUSTER_SPEC_KEY'] = 'third';
    const { output, failures } = await workspace.deploy(['orders'], { to: 1 });
    expect(failures).toEqual({});
    expect(output).toContain('back to r1 from r3');
    const secret = workspace.kubectl(
      'get',
      'pods',
      '-l',
      'app.kubernetes.io/name=orders',
      '-o',
      'jsonpath={.items[0].spec.volumes[*].secret.secretName}',
    );
    const value = workspace.kubectl('get', 'secret', secret, '-o', 'jsonpath={.data.API_KEY}');
    expect(Buffer.from(value, 'base64').toString()).toBe('third');
    expect(await workspace.deploy(['orders'], { rollback: true })).toMatchObject({
      failures: { orders: 'the cluster of cluster remembers no release of orders to go back to' },
    });
  });

  it('takes back what a person changed, and makes a deleted Secret again', async () => {
    expect((await workspace.deploy()).failures).toEqual({});
    workspace.kubectl('scale', 'deployment/gateway', '--replicas=3');
    const secrets = workspace.kubectl('get', 'secrets', '-o', 'name').split('\n');
    const [own] = secrets.filter((name) => name.startsWith('secret/orders-'));
    workspace.kubectl('delete', own!);
    const plan = await workspace.deploy(undefined, { plan: true });
    expect(plan.output).toContain('Deployment: changed in the cluster: spec.replicas');
    expect(plan.output).toContain('its Secret is not there');
    expect((await workspace.deploy()).failures).toEqual({});
    expect(workspace.kubectl('get', 'deployment/gateway', '-o', 'jsonpath={.spec.replicas}')).toBe(
      '1',
    );
    expect(workspace.kubectl('get', own!, '-o', 'name')).toBe(own);
  });
});
