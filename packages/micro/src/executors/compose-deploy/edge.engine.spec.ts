import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureCaddyImage } from '../../../../../tools/images/caddy/caddy-image';
import { describeEngine } from '../../../../../tools/testing/describe-engine';
import { freePort } from '../../../../../tools/testing/free-port';
import { startLoad } from '../../../../../tools/testing/load';
import { docker, EngineWorkspace, server } from '../../testing/engine-workspace';

const REDEPLOYS = Number(process.env['REDEPLOYS'] ?? 3);

/** The rows of docs/faults.md about the published port. */
describeEngine('a published port', () => {
  let workspace: EngineWorkspace;
  let port: number;
  let version = 1;

  beforeAll(async () => {
    await ensureCaddyImage();
    port = await freePort();
    workspace = new EngineWorkspace();
    workspace.addService('gateway', 3000, { main: server('v1') });
    environment('edge: false\n');
    expect(await workspace.ship('gateway')).toMatchObject({ success: true });
  });

  afterAll(() => workspace?.remove());

  const environment = (more = '', publish: string | number = port) =>
    workspace.write({
      'environments/development.yml': `healthTimeout: 60\nsteady: 1\n${more}services:\n  gateway:\n    publish: ${publish}\n`,
    });

  const ask = async (url = `http://127.0.0.1:${port}/`) => (await fetch(url)).text();

  it('was held by the service itself, and goes over to the edge', async () => {
    expect(await ask()).toBe('v1');
    environment();
    const load = startLoad({ url: `http://127.0.0.1:${port}`, calls: [{ method: 'POST', path: '/' }], perSecond: 50, callers: 8, atMost: 10_000 });
    const { success, output } = await workspace.deploy('gateway');
    const report = await load.stop();
    console.error(output, report);
    expect(output).toMatch(/create +edge +it does not run; it takes the published port over from gateway/);
    expect(success).toBe(true);
    expect(await ask()).toBe('v1');
    expect(workspace.everything().filter((one) => /^(gateway|micro-edge)/.test(one))).toHaveLength(2);
  });

  it('answers every request while the service is replaced', async () => {
    const load = startLoad({
      url: `http://127.0.0.1:${port}`,
      calls: [
        { method: 'GET', path: '/' },
        { method: 'POST', path: '/' },
      ],
      ...{ perSecond: 40, callers: 16, atMost: 72_000 },
    });
    for (let round = 0; round < REDEPLOYS; round++) {
      workspace.write({ 'apps/gateway/src/main.ts': server(`v${++version}`) });
      const { success, output } = await workspace.ship('gateway');
      if (round === 0) console.error(output);
      expect(success).toBe(true);
      expect(await ask()).toBe(`v${version}`);
    }
    const report = await load.stop();
    console.error(report);
    expect(report.failed).toEqual([]);
  });
});
