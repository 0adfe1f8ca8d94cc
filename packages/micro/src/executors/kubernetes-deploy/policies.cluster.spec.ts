import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { describePolicies } from '../../../../../tools/testing/describe-cluster';
import { call } from '../../testing/cluster-load';
import { ClusterWorkspace } from '../../testing/cluster-workspace';

describePolicies('network policies', () => {
  let workspace: ClusterWorkspace;
  beforeAll(async () => {
    workspace = new ClusterWorkspace(inject('cluster')!, 'ingress: { class: none }\n');
    workspace.addService('users', 3001);
    workspace.addService('orders', 3002, { manifest: 'consumes: [users]\n' });
    workspace.addService('gateway', 3003, {
      manifest: 'consumes: [orders]\n',
      here: { host: 'shop.test' },
    });
    for (const name of ['users', 'orders', 'gateway']) workspace.push(name, 'one');
    expect((await workspace.deploy()).failures).toEqual({});
  });
  afterAll(() => workspace.remove());

  /** What a pod of one service gets from another: `one`, or the word that no connection was made. */
  const asks = (caller: string, provider: string, port: number) =>
    workspace.kubectl(
      ...['exec', `deployment/${caller}`, '--', 'node', '--eval'],
      `fetch('http://${provider}:${port}/', { signal: AbortSignal.timeout(3000) })
         .then((answer) => answer.text(), () => 'refused').then(console.log)`,
    );

  it('let a consumer reach its provider', async () => {
    await expect.poll(() => asks('orders', 'users', 3001), { timeout: 60_000 }).toBe('one');
    await expect.poll(() => asks('gateway', 'orders', 3002), { timeout: 60_000 }).toBe('one');
  });

  it('let no other service reach it, nor a pod that is not of the platform', async () => {
    await expect.poll(() => asks('gateway', 'users', 3001), { timeout: 60_000 }).toBe('refused');
    expect(asks('users', 'orders', 3002)).toBe('refused');
    expect(asks('users', 'gateway', 3003)).toBe('one');
  });

  it('let callers from outside of the cluster reach only what has a host', async () => {
    const read = (kind: string, format: string) =>
      workspace.kubectl('get', ...kind.split(' '), '--output', `jsonpath=${format}`);
    const address = '.status.addresses[?(@.type=="InternalIP")].address';
    const nodes = read('nodes', `{.items[*]${address}}`).split(' ');
    const answer = (name: string) => {
      const pod = `pods --selector app.kubernetes.io/name=${name}`;
      const own = read(pod, '{.items[0].status.hostIP}');
      const port = read(`service ${name}-open`, '{.spec.ports[0].nodePort}');
      // Its own node always reaches a pod: kubelet probes it from there.
      const other = nodes.find((node) => node !== own)!;
      return call(`http://${other}:${port}/`).catch(() => 'refused');
    };
    for (const name of ['gateway', 'orders']) {
      workspace.kubectl('expose', 'deployment', name, `--name=${name}-open`, '--type=NodePort');
    }
    await expect.poll(() => answer('gateway'), { timeout: 60_000 }).toBe('one');
    expect(await answer('orders')).toBe('refused');
  });
});
