import { afterAll, beforeAll, expect, it } from 'vitest';
import { say } from '../tools/program.js';
import { mustEnd } from '../tools/testing/child.js';
import {
  changedIn,
  publishedUrl,
  readState,
  type Place,
} from '../tools/testing/deployed-platform.js';
import { describeEngine } from '../tools/testing/describe-engine.js';
import { formatLoad, startLoad } from '../tools/testing/load.js';
import {
  breakProvider,
  CALLS,
  generateRolledPlatform,
  PROVIDERS,
  readVersion,
  writeVersion,
  type Provider,
} from '../tools/testing/rolled-platform.js';
import { freshWorkspace, type FreshWorkspace } from './fresh-workspace.js';

/** Deploys of a test, each of a version that was never built before: `REDEPLOYS=10` is for docs/faults.md. */
const REDEPLOYS = Number(process.env['REDEPLOYS'] ?? 5);
const SERVICES = [...PROVIDERS, 'gateway'] as const;

describeEngine('a platform that is deployed while it is used', () => {
  let fresh: FreshWorkspace;
  let place: Place;
  let gateway: string;

  beforeAll(async () => {
    fresh = await freshWorkspace();
    const { workspace, registry } = fresh;
    const project = `${workspace.name}-development`;
    place = { registry, platform: workspace.name, project };
    await generateRolledPlatform(workspace);
    const file = 'environments/development.yml';
    const publish = 'services:\n  gateway:\n    publish: 0\n';
    await workspace.write(file, `${await workspace.read(file)}steady: 1s\n${publish}`);
    await workspace.commit('A gateway and three providers');
    await workspace.nx('run-many', '-t', 'compose-deploy');
    gateway = await publishedUrl(project);
  });

  afterAll(() => fresh?.remove());

  it(`loses no request while orders is deployed ${REDEPLOYS} times`, () =>
    loseNothing(() => redeploy('orders')));

  it(`loses none while the other providers are deployed ${REDEPLOYS} times, together`, () =>
    loseNothing(() => redeploy('users', 'stock')));

  it('loses none beside an image that never becomes healthy, and the version before serves', async () => {
    const { workspace } = fresh;
    const before = await readState(place, SERVICES);
    const version = await readVersion(gateway, 'orders');
    await writeVersion(workspace, 'orders', 'never-healthy');
    await breakProvider(workspace, 'orders');
    await workspace.edit('environments/development.yml', 'steady: 1s', 'healthTimeout: 10s');
    await workspace.commit('A version that never gets ready');
    await loseNothing(async () => {
      const { exitCode, output } = await affected().ended;
      expect(exitCode).toBe(1);
      expect(output).toContain('was not healthy after 10 s');
      expect(output).toContain('the database is not there');
    });
    expect(await readVersion(gateway, 'orders')).toBe(version);
    expect(changedIn(before, await readState(place, SERVICES), 'containers')).toEqual([]);
  });

  async function redeploy(...services: Provider[]): Promise<void> {
    const { workspace } = fresh;
    for (let round = 1; round <= REDEPLOYS; round++) {
      const version = `${services[0]}-${round}`;
      const before = await readState(place, SERVICES);
      for (const service of services) await writeVersion(workspace, service, version);
      await workspace.commit(`Version ${version}`);
      await mustEnd(affected());
      expect(changedIn(before, await readState(place, SERVICES), 'containers')).toEqual(services);
      for (const service of services) expect(await readVersion(gateway, service)).toBe(version);
    }
  }

  function affected() {
    const since = ['--base=HEAD~1', '--head=HEAD'];
    return fresh.workspace.startNx(['affected', '-t', 'compose-deploy', ...since]);
  }

  /** Does the work while all routes of all providers are called, for half an hour at most. */
  async function loseNothing(work: () => Promise<void>): Promise<void> {
    const load = startLoad({
      ...{ url: gateway, calls: CALLS },
      ...{ perSecond: 40, callers: 16, atMost: 72_000 },
    });
    const told = async () =>
      say(`${expect.getState().currentTestName}: ${formatLoad(await load.stop())}`);
    await work().finally(told);
    const report = await load.stop();
    expect(report.failed).toEqual([]);
    expect(report.sent.POST).toBeGreaterThan(50);
  }
});
