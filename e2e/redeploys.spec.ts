import { once } from 'node:events';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { say } from '../tools/program.js';
import { mustRun } from '../tools/command.js';
import { mustEnd } from '../tools/testing/child.js';
import { changedIn, readState, type Place } from '../tools/testing/deployed-platform.js';
import { describeEngine } from '../tools/testing/describe-engine.js';
import { freePort } from '../tools/testing/free-port.js';
import { formatLoad, startLoad } from '../tools/testing/load.js';
import {
  breakProvider,
  CALLS,
  generateRolledPlatform,
  LONG_SECONDS,
  PROVIDERS,
  readVersion,
  writeVersion,
  type Provider,
} from '../tools/testing/rolled-platform.js';
import { freshWorkspace, type FreshWorkspace } from './fresh-workspace.js';

/** Deploys of a test, each of a version that was never built before: `REDEPLOYS=10` is for docs/faults.md. */
const REDEPLOYS = Number(process.env['REDEPLOYS'] ?? 3);
const SERVICES = [...PROVIDERS, 'gateway', 'door'] as const;

/** Requests of one caller in a minute. */
const LIMIT = 20;

describeEngine('a platform that is deployed while it is used', () => {
  let fresh: FreshWorkspace;
  let place: Place;
  let gateway: string;
  let limited: string;

  beforeAll(async () => {
    fresh = await freshWorkspace();
    const { workspace, registry } = fresh;
    const project = `${workspace.name}-development`;
    place = { registry, platform: workspace.name, project };
    await generateRolledPlatform(workspace);
    const file = 'environments/development.yml';
    // A second gateway on the edge, which limits its callers.
    const door = ['door', '--consumes=stock', '--rate-limit'];
    await workspace.nx('g', '@org/micro:gateway', ...door);
    const [port, doorPort] = [await freePort(), await freePort()];
    const publish = `services:\n  gateway:\n    publish: ${port}\n  door:\n    publish: ${doorPort}\n    environment: { RATE_LIMIT: ${LIMIT} }\n`;
    await workspace.write(file, `${await workspace.read(file)}steady: 1s\n${publish}`);
    await workspace.commit('A gateway and three providers');
    await workspace.nx('run-many', '-t', 'compose-deploy');
    gateway = `http://127.0.0.1:${port}`;
    limited = `http://127.0.0.1:${doorPort}`;
  });

  afterAll(() => fresh?.remove());

  it(`loses no request while orders is deployed ${REDEPLOYS} times`, () =>
    loseNothing(() => redeploy('orders')));

  it(`loses none while the other providers are deployed ${REDEPLOYS} times, together`, () =>
    loseNothing(() => redeploy('users', 'stock')));

  it(`loses none while the gateway itself is deployed ${REDEPLOYS} times`, () =>
    loseNothing(async () => {
      const { workspace } = fresh;
      const edge = await containersOf('micro-edge');
      for (let round = 1; round <= REDEPLOYS; round++) {
        const before = await readState(place, SERVICES);
        const file = 'apps/gateway/src/main.ts';
        await workspace.write(file, `${await workspace.read(file)}console.log('${round}');\n`);
        await workspace.commit(`Gateway ${round}`);
        await mustEnd(affected());
        const after = await readState(place, SERVICES);
        expect(changedIn(before, after, 'containers')).toEqual(['gateway']);
      }
      expect(await containersOf('micro-edge')).toEqual(edge);
    }));

  it('answers what takes long and tells what is open, while its service and the gateway are deployed', async () => {
    const { workspace } = fresh;
    const long = askForLong();
    for (const service of ['orders', 'gateway'] as const) {
      const events = openEvents();
      const socket = new WebSocket(`${gateway.replace('http', 'ws')}/api/orders/live`);
      const closed = once(socket, 'close');
      await once(socket, 'message');
      const file = `apps/${service}/src/app.ts`;
      await workspace.write(file, `${await workspace.read(file)}console.log('long');\n`);
      await workspace.commit(`${service}, while something is open`);
      await mustEnd(affected());
      expect([service, await events]).toEqual([service, 'ended']);
      expect([service, (await closed)[0]]).toEqual([service, 1001]);
    }
    const statuses = await long.stop();
    say(`${statuses.length} requests of ${LONG_SECONDS} s`);
    expect(statuses.filter((status) => status !== 200)).toEqual([]);
    expect(statuses.length).toBeGreaterThan(LONG_SECONDS);
  });

  /** One request a second that takes long, until it is stopped: then the status of each, once all are answered. */
  function askForLong() {
    const asked: Promise<number | string>[] = [];
    const ask = () =>
      fetch(`${gateway}/api/orders/long`).then(
        async (response) => (await response.text(), response.status),
        (error: Error) => error.message,
      );
    const timer = setInterval(() => asked.push(ask()), 1000);
    return {
      stop: () => {
        clearInterval(timer);
        return Promise.all(asked);
      },
    };
  }

  /** How an event stream ends that has sent something. */
  async function openEvents(): Promise<string> {
    const response = await fetch(`${gateway}/api/orders/events`);
    return response.text().then(
      (text) => (text.includes('beat') ? 'ended' : 'empty'),
      (error: Error) => `cut: ${error.message}`,
    );
  }

  it('shows nobody outside its probes and metrics', async () => {
    for (const path of ['/health', '/ready', '/metrics']) {
      expect([path, (await fetch(gateway + path)).status]).toEqual([path, 404]);
      const own = { headers: { 'x-forwarded-for': '127.0.0.1' } };
      expect([path, (await fetch(gateway + path, own)).status]).toEqual([path, 404]);
    }
    // Within the platform they are answered.
    expect(await inNetwork(`http://gateway:${await portOf('gateway')}/ready`)).toBe(200);
  });

  it('limits each caller behind the edge for itself, and believes nobody who claims to be another', async () => {
    const ask = async (headers: Record<string, string> = {}) =>
      (await fetch(`${limited}/api/stock`, { headers })).status;
    const answers: number[] = [];
    for (let call = 0; call < LIMIT + 5; call++) answers.push(await ask());
    expect(answers.filter((status) => status === 200)).toHaveLength(LIMIT);
    expect(answers.filter((status) => status === 429)).toHaveLength(5);
    expect(await ask({ 'x-forwarded-for': '203.0.113.9', forwarded: 'for=203.0.113.9' })).toBe(429);
    // The same edge, from another address.
    const edge = `http://micro-edge:${await edgePort(limited)}/api/stock`;
    expect(await inNetwork(edge)).toBe(200);
  });

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

  /** The status of an answer to a container in the network of the services. */
  async function inNetwork(url: string): Promise<number> {
    const script = `fetch(process.argv[1]).then(({ status }) => console.log(status))`;
    const stdout = await mustRun('docker', [
      ...['run', '--rm', '--network', `${place.project}_edge`, 'node:24-bookworm-slim'],
      ...['node', '-e', script, url],
    ]);
    return Number(stdout.trim());
  }

  async function containersOf(service: string): Promise<string[]> {
    const filters = [`project=${place.project}`, `service=${service}`].flatMap((label) => [
      '--filter',
      `label=com.docker.compose.${label}`,
    ]);
    return (await mustRun('docker', ['ps', '--quiet', ...filters])).trim().split('\n');
  }

  /** The port of the edge's container that is published there. */
  async function edgePort(url: string): Promise<string> {
    const [edge] = await containersOf('micro-edge');
    const lines = (await mustRun('docker', ['port', edge!])).split('\n');
    return lines.find((line) => line.endsWith(`:${new URL(url).port}`))!.split('/')[0]!;
  }

  async function portOf(service: string): Promise<string> {
    return /^port: (\d+)$/m.exec(await fresh.workspace.read(`apps/${service}/service.yml`))![1]!;
  }

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
