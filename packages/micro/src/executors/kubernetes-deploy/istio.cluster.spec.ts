import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { virtualServiceKind } from '../../../../../tools/cluster/istio-kinds';
import { describeGateway } from '../../../../../tools/testing/describe-cluster';
import { ClusterWorkspace } from '../../testing/cluster-workspace';

interface VirtualService {
  metadata: { resourceVersion: string };
  spec: { hosts: string[]; gateways: string[]; http: object[] };
}

// The cluster of our own has no Istio: its API server checks the objects, and nothing routes by them.
describeGateway('a canary by Istio', () => {
  let workspace: ClusterWorkspace;
  beforeAll(async () => {
    const head = 'mesh: istio\ngateway: { name: public, namespace: istio-ingress }\n';
    workspace = new ClusterWorkspace(inject('cluster')!, head);
    workspace.write({ 'kind.json': JSON.stringify(await virtualServiceKind()) });
    workspace.kubectl('apply', '--server-side', '--filename', `${workspace.root}/kind.json`);
    workspace.kubectl(
      ...['wait', '--for=condition=Established', '--timeout=60s'],
      'crd/virtualservices.networking.istio.io',
    );
    workspace.addService('orders', 3001);
    workspace.addService('shop', 3000, {
      manifest: 'kind: gateway\nconsumes: [orders]\n',
      here: { host: 'shop.example.com' },
    });
    workspace.push('orders', 'one');
    workspace.push('shop', 'v1');
    expect((await workspace.deploy()).failures).toEqual({});
  });
  afterAll(() => workspace.remove());

  const route = (name: string) =>
    JSON.parse(
      workspace.kubectl('get', `virtualservices/${name}`, '--output', 'json'),
    ) as VirtualService;
  const to = (host: string, weight?: number) => ({
    destination: { host, port: { number: host.startsWith('orders') ? 3001 : 3000 } },
    ...(weight === undefined ? {} : { weight }),
  });

  it('needs a route of each service, which the API server takes strictly, and a second deploy keeps', async () => {
    expect(route('shop').spec).toEqual({
      hosts: ['shop', 'shop.example.com'],
      gateways: ['mesh', 'istio-ingress/public'],
      http: [{ route: [to('shop')] }],
    });
    expect(route('orders').spec).toMatchObject({ hosts: ['orders'], gateways: ['mesh'] });
    const before = route('orders').metadata.resourceVersion;
    expect((await workspace.deploy()).output).toContain('up to date');
    expect(route('orders').metadata.resourceVersion).toBe(before);
  });

  it('of a service that only others call gets a share and a header, and is aborted', async () => {
    workspace.push('orders', 'two');
    const share = { canary: 20, canaryHeader: 'X-Version: next' };
    expect((await workspace.deploy(['orders'], share)).failures).toEqual({});
    expect(route('orders').spec.http).toEqual([
      { match: [{ headers: { 'x-version': { exact: 'next' } } }], route: [to('orders-canary')] },
      { route: [to('orders', 80), to('orders-canary', 20)] },
    ]);
    const again = await workspace.deploy(['orders'], share);
    expect(again.output).toContain('20 % of its requests and those with "X-Version: next"');
    expect(again.output).toContain('up to date');
    expect((await workspace.deploy(['orders'], { abort: true })).failures).toEqual({});
    expect(route('orders').spec.http).toEqual([{ route: [to('orders')] }]);
    expect(workspace.served('orders')).not.toEqual([workspace.image('orders')]);
  });

  it('is promoted', async () => {
    expect((await workspace.deploy(['orders'], { canary: 50 })).failures).toEqual({});
    expect((await workspace.deploy(['orders'], { promote: true })).failures).toEqual({});
    expect(route('orders').spec.http).toEqual([{ route: [to('orders')] }]);
    await expect
      .poll(() => workspace.served('orders'), { timeout: 60_000 })
      .toEqual([workspace.image('orders')]);
  });
});
