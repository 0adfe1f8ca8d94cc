import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest';
import { describeGateway } from '../../../../../tools/testing/describe-cluster';
import { call, underLoad } from '../../testing/cluster-load';
import { prometheusOf, startPrometheus } from '../../testing/cluster-prometheus';
import { ClusterWorkspace } from '../../testing/cluster-workspace';

const HOST = 'watched.example.com';

describeGateway('the error rate of a canary', () => {
  let workspace: ClusterWorkspace;
  let url: string;
  beforeAll(async () => {
    const { name, namespace, url: address } = inject('gateway')!;
    url = address;
    const head = (own: string) => `gateway: { name: ${name}, namespace: ${namespace} }
canary: { analysis: { prometheus: "${prometheusOf(own)}", duration: 20s } }
`;
    workspace = new ClusterWorkspace(inject('cluster')!, head);
    workspace.addService('shop', 3000, { manifest: 'kind: gateway\n', here: { host: HOST } });
    await startPrometheus(workspace);
    workspace.push('shop', 'v1');
    expect((await workspace.deploy()).failures).toEqual({});
    await vi.waitFor(() => call(url, HOST), { timeout: 60_000, interval: 500 });
  });
  afterAll(() => workspace.remove());

  /** Another version; one in so many of its requests fails. */
  function push(version: string, failEvery?: number): void {
    workspace.push('shop', version);
    const environment = failEvery === undefined ? {} : { FAIL_EVERY: String(failEvery) };
    workspace.set('shop', { host: HOST, environment });
  }

  const canaries = () =>
    workspace.kubectl('get', 'deployments', '--output', 'name', '--selector', 'org.micro/canary');

  it('that is worse than that of the version that serves takes the canary back', async () => {
    push('bad', 2);
    const started = Date.now();
    await underLoad(
      url,
      async () => {
        const { failures } = await workspace.deploy(['shop'], { canary: 30 });
        expect(failures['shop']).toMatch(
          /^shop: the canary failed the analysis: [45]\d(\.\d+)? % of its \d+ requests ended with 5xx, 0 % of \d+ of the version that serves; environments\/cluster\.yml allows 1 percentage point more/,
        );
        expect(failures['shop']).toMatch(
          /\nthe canary was removed: r1 of shop serves all requests/,
        );
      },
      HOST,
    );
    console.log(`taken back ${Date.now() - started} ms after the command was started`);
    await expect.poll(canaries, { timeout: 60_000 }).toBe('');
    expect(await Promise.all(Array.from({ length: 40 }, () => call(url, HOST)))).toEqual(
      Array.from({ length: 40 }, () => 'v1'),
    );
  });

  it('that is good lets it go on, and be promoted', async () => {
    push('good');
    const report = await underLoad(
      url,
      async () => {
        const watched = await workspace.deploy(['shop'], { canary: 30 });
        expect(watched.failures).toEqual({});
        expect(watched.output).toMatch(
          /good {2}0 % of its \d+ requests ended with 5xx, 0 % of \d+/,
        );
        expect((await workspace.deploy(['shop'], { promote: true })).failures).toEqual({});
      },
      HOST,
    );
    expect(report.lost).toEqual([]);
    await expect.poll(canaries, { timeout: 60_000 }).toBe('');
  });

  it('keeps a bad canary from being promoted, and an unknown one', async () => {
    push('later-bad', 4);
    await underLoad(
      url,
      async () => {
        const options = { canary: 50, skipAnalysis: true };
        expect((await workspace.deploy(['shop'], options)).failures).toEqual({});
        await sleep(10_000);
        const { failures } = await workspace.deploy(['shop'], { promote: true });
        expect(failures['shop']).toMatch(
          /^the canary of shop was not promoted: in the last 20 s, 2\d(\.\d+)? % of its \d+ requests/,
        );
      },
      HOST,
    );
    expect((await workspace.deploy(['shop'], { abort: true })).failures).toEqual({});
    await expect.poll(canaries, { timeout: 60_000 }).toBe('');
  });

  it('of a canary without requests is inconclusive, which is a failure; it goes on', async () => {
    push('idle');
    const options = { canary: 0, canaryHeader: 'X-Version: next' };
    const { failures } = await workspace.deploy(['shop'], options);
    expect(failures['shop']).toMatch(
      /^shop: the analysis is inconclusive: it answered no request, .*Its canary goes on/,
    );
    expect(canaries()).toBe('deployment.apps/shop-canary');
    const again = await workspace.deploy(['shop'], { promote: true });
    expect(again.failures['shop']).toContain('it answered no request');
    const anyway = await workspace.deploy(['shop'], { promote: true, skipAnalysis: true });
    expect(anyway.failures).toEqual({});
  });

  it('that nobody can tell keeps a canary from being started', async () => {
    workspace.kubectl('delete', 'service', 'prometheus');
    push('never');
    const before = workspace.versions();
    const { failures } = await workspace.deploy(['shop'], { canary: 10 });
    expect(failures['shop']).toMatch(
      /^Prometheus \(http:\/\/prometheus\..*\.svc:9090\) cannot be asked: .*--skipAnalysis/s,
    );
    expect(workspace.versions()).toEqual(before);
  });
});
