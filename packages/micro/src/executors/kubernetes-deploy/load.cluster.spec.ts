import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest';
import { describeCluster, describeGateway } from '../../../../../tools/testing/describe-cluster';
import { gatewayProgram, serviceProgram } from '../../testing/chassis-programs';
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

describeGateway('requests through a Gateway, to a service behind a gateway of the chassis', () => {
  const HOST = 'shop.example.com';
  const PATH = '/api/orders';
  const programs = {
    orders: serviceProgram('orders', PATH),
    shop: gatewayProgram('shop', { service: 'orders', path: PATH }),
  };
  let workspace: ClusterWorkspace;
  let url: string;
  beforeAll(async () => {
    const { name, namespace, url: address } = inject('gateway')!;
    url = new URL(PATH, address).href;
    const head = `gateway: { name: ${name}, namespace: ${namespace} }\n`;
    workspace = new ClusterWorkspace(inject('cluster')!, head);
    workspace.addService('orders', 3001);
    workspace.addService('shop', 3000, {
      manifest: 'kind: gateway\nconsumes: [orders]\n',
      here: { host: HOST, environment: { MICROSERVICE_ORDERS_URL: 'http://orders:3001' } },
    });
    push('orders', 0);
    push('shop', 0);
    expect((await workspace.deploy()).failures).toEqual({});
    await vi.waitFor(() => call(url, HOST), { timeout: 60_000, interval: 500 });
  });
  afterAll(() => workspace.remove());

  const push = (name: keyof typeof programs, version: number) =>
    workspace.push(name, `v${version}`, programs[name]);

  it.each(['orders', 'shop'] as const)(
    `are all answered while ${ROLLOUTS} versions of %s are deployed`,
    async (name) => {
      const report = await underLoad(
        url,
        async () => {
          for (let rollout = 1; rollout <= ROLLOUTS; rollout++) {
            push(name, rollout);
            expect((await workspace.deploy([name])).failures).toEqual({});
          }
        },
        HOST,
      );
      expect(report.lost).toEqual([]);
      expect(report.sent).toBeGreaterThan(ROLLOUTS);
      expect(workspace.served(name)).toEqual([workspace.image(name)]);
    },
    10 * 60_000,
  );
});
