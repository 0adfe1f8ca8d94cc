import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest';
import { describeGateway } from '../../../../../tools/testing/describe-cluster';
import { call, underLoad } from '../../testing/cluster-load';
import { ClusterWorkspace } from '../../testing/cluster-workspace';

const HOST = 'shop.example.com';

describeGateway('a canary', () => {
  let workspace: ClusterWorkspace;
  let url: string;
  beforeAll(async () => {
    const { name, namespace, url: address } = inject('gateway')!;
    url = address;
    const head = `gateway: { name: ${name}, namespace: ${namespace} }\n`;
    workspace = new ClusterWorkspace(inject('cluster')!, head);
    workspace.addService('orders', 3001);
    workspace.addService('shop', 3000, {
      manifest: 'kind: gateway\nconsumes: [orders]\n',
      here: { host: HOST },
    });
    workspace.push('orders', 'one');
    workspace.push('shop', 'v1');
    expect((await workspace.deploy()).failures).toEqual({});
    await vi.waitFor(() => call(url, HOST), { timeout: 60_000, interval: 500 });
  });
  afterAll(() => workspace.remove());

  const canaryObjects = () =>
    workspace.kubectl(
      ...['get', 'deployments,services,networkpolicies,pods', '--output', 'name'],
      ...['--selector', 'org.micro/canary=shop'],
    );

  it('is refused for a service that only others call', async () => {
    workspace.push('orders', 'two');
    const before = workspace.versions();
    const { failures } = await workspace.deploy(['orders'], { canary: 10 });
    expect(failures['orders']).toContain('orders is reached by no HTTPRoute in cluster');
    expect(workspace.versions()).toEqual(before);
    workspace.push('orders', 'one');
  });

  it('that is never ready gets no request, and leaves nothing', async () => {
    workspace.push('shop', 'ill');
    workspace.set('shop', { host: HOST, environment: { CRASH: 'yes' } });
    const report = await underLoad(
      url,
      async () => {
        const { failures } = await workspace.deploy(['shop'], { canary: 10 });
        expect(failures['shop']).toContain('no such table: orders');
        expect(failures['shop']).toContain('the canary was removed: r1 of shop serves');
      },
      HOST,
    );
    expect(report.lost).toEqual([]);
    expect([...report.versions]).toEqual(['v1']);
    await expect.poll(canaryObjects, { timeout: 60_000 }).toBe('');
    workspace.set('shop', { host: HOST });
  });

  it('gets its share of the requests, again another one, and is aborted without a lost request', async () => {
    workspace.push('shop', 'v2');
    const started = await workspace.deploy(['shop'], { canary: 10 });
    expect(started.failures).toEqual({});
    expect(started.output).toContain('canary  10 % of its requests in cluster');
    const pods = workspace.served('shop');
    const answered = await answers(600);
    // 10 % of 600 requests: six standard deviations to both sides.
    expect(answered.get('v2')).toBeGreaterThan(15);
    expect(answered.get('v2')).toBeLessThan(105);

    const versions = workspace.versions();
    const again = await workspace.deploy(['shop'], { canary: 10 });
    expect(again.output).toContain('10 % of its requests go to a canary already');
    expect(workspace.versions()).toEqual(versions);

    const { failures } = await workspace.deploy(['shop']);
    expect(failures['shop']).toMatch(
      /10 % of its requests go to a canary: deploy it with --promote/,
    );
    expect(workspace.versions()).toEqual(versions);

    const report = await underLoad(
      url,
      async () => {
        expect((await workspace.deploy(['shop'], { canary: 50 })).failures).toEqual({});
        expect((await workspace.deploy(['shop'], { abort: true })).failures).toEqual({});
      },
      HOST,
    );
    expect(report.lost).toEqual([]);
    expect(workspace.served('shop')).toEqual(pods);
    expect(await answers(60)).toEqual(new Map([['v1', 60]]));
    await expect.poll(canaryObjects, { timeout: 60_000 }).toBe('');
  });

  it('gets the requests with its header alone, then a share of the others too, and is aborted', async () => {
    workspace.push('shop', 'v2');
    const pods = workspace.served('shop');
    const report = await underLoad(
      url,
      async () => {
        const header = { canary: 0, canaryHeader: 'X-Version: next' };
        const started = await workspace.deploy(['shop'], header);
        expect(started.failures).toEqual({});
        expect(started.output).toContain('canary  requests with "X-Version: next" in cluster');
        expect(await answers(60, { 'x-version': 'next' })).toEqual(new Map([['v2', 60]]));
        expect(await answers(60, { 'x-version': 'nextly' })).toEqual(new Map([['v1', 60]]));
        expect(await answers(60)).toEqual(new Map([['v1', 60]]));
        const again = await workspace.deploy(['shop'], header);
        expect(again.output).toContain('requests with "X-Version: next" go to a canary already');
        const { failures } = await workspace.deploy(['shop']);
        expect(failures['shop']).toContain(
          'because requests with "X-Version: next" go to a canary: deploy it with --promote',
        );
      },
      HOST,
    );
    expect(report.lost).toEqual([]);
    expect([...report.versions]).toEqual(['v1']);

    const both = { canary: 50, canaryHeader: 'X-Version: next' };
    expect((await workspace.deploy(['shop'], both)).failures).toEqual({});
    expect(await answers(60, { 'x-version': 'next' })).toEqual(new Map([['v2', 60]]));
    expect((await answers(100)).size).toBe(2);
    expect((await workspace.deploy(['shop'], { abort: true })).failures).toEqual({});
    expect(await answers(60, { 'x-version': 'next' })).toEqual(new Map([['v1', 60]]));
    expect(workspace.served('shop')).toEqual(pods);
    await expect.poll(canaryObjects, { timeout: 60_000 }).toBe('');
  });

  it('is promoted without a lost request, and then nothing is left to do', async () => {
    const report = await underLoad(
      url,
      async () => {
        expect((await workspace.deploy(['shop'], { canary: 30 })).failures).toEqual({});
        // What is pushed meanwhile is not what was tried.
        const tried = workspace.image('shop');
        workspace.push('shop', 'v3');
        expect((await workspace.deploy(['shop'], { promote: true })).failures).toEqual({});
        await expect.poll(() => workspace.served('shop'), { timeout: 60_000 }).toEqual([tried]);
      },
      HOST,
    );
    expect(report.lost).toEqual([]);
    expect([...report.versions].sort()).toEqual(['v1', 'v2']);
    await expect.poll(canaryObjects, { timeout: 60_000 }).toBe('');
    workspace.push('shop', 'v2');
    const versions = workspace.versions();
    expect((await workspace.deploy(['shop'])).output).toContain('up to date');
    expect(workspace.versions()).toEqual(versions);
    const { failures } = await workspace.deploy(['shop'], { promote: true });
    expect(failures['shop']).toBe('no canary of shop runs in cluster');
  });

  /** How often each version answers so many requests. */
  async function answers(
    count: number,
    headers: Record<string, string> = {},
  ): Promise<Map<string, number>> {
    const found = new Map<string, number>();
    for (let sent = 0; sent < count; sent += 10) {
      const versions = await Promise.all(
        Array.from({ length: 10 }, () => call(url, HOST, headers)),
      );
      for (const version of versions) found.set(version, (found.get(version) ?? 0) + 1);
    }
    return found;
  }
});
