import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { describeCluster } from '../../../../../tools/testing/describe-cluster';
import { ClusterWorkspace } from '../../testing/cluster-workspace';

describeCluster('kubernetes-deploy with', () => {
  let workspace: ClusterWorkspace;
  beforeAll(() => {
    workspace = new ClusterWorkspace(inject('cluster')!);
    workspace.addService('orders', 3001);
    workspace.addService('gateway', 3000, { manifest: 'consumes: [orders]\n' });
    workspace.push('orders', 'one');
    workspace.push('gateway', 'one');
  });
  afterAll(() => workspace.remove());

  const of = (object: string, path: string) =>
    workspace.kubectl('get', object, '--output', `jsonpath={${path}}`);
  const names = (...kinds: string[]) =>
    workspace.kubectl('get', kinds.join(','), '--output', 'name').split('\n');

  it('a Deployment and a Service of somebody else in the way touches neither', async () => {
    workspace.kubectl('create', 'deployment', 'orders', '--image=nobody/knows:1', '--replicas=0');
    workspace.kubectl('create', 'service', 'clusterip', 'orders', '--tcp=80');
    const versions = () =>
      ['deployment/orders', 'service/orders'].map((name) => of(name, '.metadata.uid}{.spec'));
    const before = versions();
    const { failures } = await workspace.deploy();
    expect(failures['orders']).toMatch(/has service\/orders, deployment\/orders, which no deploy/);
    expect(failures['gateway']).toContain('because orders, which it consumes');
    expect(versions()).toEqual(before);
    workspace.kubectl('delete', 'deployment/orders', 'service/orders', '--wait=true');
    expect((await workspace.deploy()).failures).toEqual({});
  });

  it('--atomic takes all services back if one fails', async () => {
    workspace.push('orders', 'two');
    workspace.set('gateway', { environment: { CRASH: 'yes' } });
    const before = workspace.served('orders');
    const { failures } = await workspace.deploy(undefined, { atomic: true });
    expect(failures['gateway']).toContain('no such table: orders');
    expect(failures['orders']).toMatch(
      /^orders was taken back, because gateway failed \(--atomic\): orders runs r1 as before/,
    );
    await expect.poll(() => workspace.served('orders'), { timeout: 60_000 }).toEqual(before);
    workspace.set('gateway', {});
    const { failures: none } = await workspace.deploy(undefined, { atomic: true });
    expect(none).toEqual({});
    await expect
      .poll(() => workspace.served('orders'), { timeout: 60_000 })
      .toEqual([workspace.image('orders')]);
  });

  it('an autoscaler instead of replicas keeps the number of pods, and the other way round', async () => {
    workspace.set('orders', { replicas: 3 });
    expect((await workspace.deploy(['orders'])).failures).toEqual({});
    workspace.set('orders', { autoscale: { min: 1, max: 5, cpu: 70 } });
    const pods = () => names('pods').filter((name) => name.startsWith('pod/orders-'));
    const before = pods();
    expect((await workspace.deploy(['orders'])).failures).toEqual({});
    expect(of('deployment/orders', '.spec.replicas')).toBe('3');
    expect(pods()).toEqual(before);
    expect(of('hpa/orders', '.spec.maxReplicas')).toBe('5');
    // As the autoscaler does: our next deploy leaves it.
    workspace.kubectl('scale', 'deployment/orders', '--replicas=2');
    workspace.push('orders', 'three');
    expect((await workspace.deploy(['orders'])).failures).toEqual({});
    expect(of('deployment/orders', '.spec.replicas')).toBe('2');
    workspace.set('orders', { replicas: 1 });
    expect((await workspace.deploy(['orders'])).failures).toEqual({});
    expect(of('deployment/orders', '.spec.replicas')).toBe('1');
    expect(names('hpa')).toEqual(['']);
  });

  it('--allow-older replaces a newer commit, which is refused without it', async () => {
    const git = (...args: string[]) =>
      execFileSync('git', args, { cwd: workspace.root, encoding: 'utf8' }).trim();
    git('init', '--quiet', '--initial-branch=main');
    git('config', 'user.name', 'Ada');
    git('config', 'user.email', 'ada@example.com');
    workspace.write({ '.gitignore': 'dist\n' });
    const commit = () => {
      git('add', '--all');
      git('commit', '--quiet', '--allow-empty', '--message', 'A change');
    };
    commit();
    workspace.push('orders', 'older');
    expect((await workspace.deploy(['orders'])).failures).toEqual({});
    commit();
    workspace.push('orders', 'newer');
    expect((await workspace.deploy(['orders'])).failures).toEqual({});
    const newer = workspace.image('orders');
    git('checkout', '--quiet', 'HEAD~1');
    workspace.push('orders', 'older');
    const { failures } = await workspace.deploy(['orders']);
    expect(failures['orders']).toMatch(/--allow-older/);
    await expect.poll(() => workspace.served('orders'), { timeout: 60_000 }).toEqual([newer]);
    expect((await workspace.deploy(['orders'], { allowOlder: true })).failures).toEqual({});
    await expect
      .poll(() => workspace.served('orders'), { timeout: 60_000 })
      .toEqual([workspace.image('orders')]);
    git('checkout', '--quiet', 'main');
  });

  it('--prune removes what left the workspace, but for its releases', async () => {
    expect((await workspace.deploy()).failures).toEqual({});
    workspace.removeService('gateway');
    const first = await workspace.deploy();
    expect(first.failures).toEqual({});
    expect(first.output).toMatch(/left +gateway +it left the workspace; --prune removes it/);
    expect(names('deployments')).toContain('deployment.apps/gateway');
    const { failures, output } = await workspace.deploy(undefined, { prune: true });
    expect(failures).toEqual({});
    expect(output).toContain('gateway  removed');
    const left = names(
      'deployments',
      'services',
      'serviceaccounts',
      'networkpolicies',
      'configmaps',
    );
    expect(left.filter((name) => name.includes('/gateway'))).toEqual([
      'configmap/gateway-releases',
    ]);
    expect(left).toContain('deployment.apps/orders');
    const pods = () => names('pods').filter((name) => name.startsWith('pod/gateway-'));
    await expect.poll(pods, { timeout: 60_000 }).toEqual([]);
    const before = workspace.versions();
    expect((await workspace.deploy(undefined, { prune: true })).output).toContain('up to date');
    expect(workspace.versions()).toEqual(before);
  });
});
