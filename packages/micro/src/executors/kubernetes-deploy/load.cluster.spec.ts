import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { describeCluster } from '../../../../../tools/testing/describe-cluster';
import { ClusterWorkspace } from '../../testing/cluster-workspace';

const ROLLOUTS = 10;
const CALLERS = 4;
/** Each caller ends by itself after so many requests. */
const AT_MOST = 20_000;

interface LoadReport {
  sent: number;
  lost: string[];
  versions: Set<string>;
}

/** Requests with a connection each, as many callers make them, to a port of a node while something is done. */
async function underLoad(url: string, work: () => Promise<void>): Promise<LoadReport> {
  const report: LoadReport = { sent: 0, lost: [], versions: new Set() };
  let isOver = false;
  const callers = Array.from({ length: CALLERS }, async () => {
    for (let count = 0; count < AT_MOST && !isOver; count++) {
      report.sent++;
      await call(url).then(
        (version) => report.versions.add(version),
        (error: unknown) => report.lost.push(String(error)),
      );
      await sleep(50);
    }
  });
  try {
    await work();
  } finally {
    isOver = true;
    await Promise.all(callers);
    console.log(`${report.sent} requests, ${report.lost.length} lost`);
  }
  return report;
}

function call(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false, timeout: 30_000 }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('error', reject);
      response.on('end', () =>
        response.statusCode === 200
          ? resolve(text)
          : reject(new Error(`status ${response.statusCode}`)),
      );
    });
    request.on('timeout', () => request.destroy(new Error('no answer within 30 s')));
    request.on('error', reject);
  });
}

describeCluster('requests to a port of a node', () => {
  let workspace: ClusterWorkspace;
  let url: string;
  beforeAll(async () => {
    workspace = new ClusterWorkspace(inject('cluster')!);
    workspace.addService('orders', 3001);
    workspace.push('orders', 'v0');
    expect((await workspace.deploy()).failures).toEqual({});
    workspace.kubectl('expose', 'deployment', 'orders', '--name=load', '--type=NodePort');
    const port = workspace.kubectl(
      ...['get', 'service', 'load', '--output', 'jsonpath={.spec.ports[0].nodePort}'],
    );
    const nodes = workspace.kubectl(
      ...['get', 'nodes', '--output'],
      'jsonpath={.items[*].status.addresses[?(@.type=="InternalIP")].address}',
    );
    url = `http://${nodes.split(' ')[0]}:${port}/`;
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
