import { once } from 'node:events';
import { get as getPlain, type IncomingMessage } from 'node:http';
import { get as getSecure } from 'node:https';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { say } from '../tools/program.js';
import { mustRun } from '../tools/command.js';
import { mustEnd } from '../tools/testing/child.js';
import { describeEngine } from '../tools/testing/describe-engine.js';
import { freePort } from '../tools/testing/free-port.js';
import { formatLoad, startLoad, toThisMachine } from '../tools/testing/load.js';
import {
  breakReadiness,
  CALLS,
  generateRolledPlatform,
  LONG_SECONDS,
  PROVIDERS,
  readVersion,
  writeVersion,
  type Provider,
} from '../tools/testing/rolled-platform.js';
import { freshWorkspace, type FreshWorkspace } from './fresh-workspace.js';

/** Deploys of both gateways, each of a version that was never built before: `REDEPLOYS=10` is for docs/faults.md. */
const REDEPLOYS = Number(process.env['REDEPLOYS'] ?? 3);

/** Which providers are deployed with them, in turns; at last `orders`, while its longest requests are answered. */
const WITH: readonly (readonly Provider[])[] = [['users', 'stock'], [], ['orders']];

/** `gateway` is published over HTTP, `door` over HTTPS. */
const GATEWAYS = ['gateway', 'door'] as const;

/** Requests of one caller in a minute. */
const LIMIT = 20;

/** Where the platform is called from outside. */
interface Entrance {
  url: string;
  /** The root certificate that is believed, PEM. */
  ca?: string;
}

describeEngine('a platform that is deployed while it is used', () => {
  let fresh: FreshWorkspace;
  let project: string;
  let entrances: readonly Entrance[];
  let gateway: string;
  let limited: string;

  beforeAll(async () => {
    fresh = await freshWorkspace();
    const { workspace } = fresh;
    project = `${workspace.name}-development`;
    await generateRolledPlatform(workspace);
    await workspace.nx('g', '@org/micro:gateway', 'door', `--consumes=${PROVIDERS.join()}`);
    await workspace.nx('g', '@org/micro:gateway', 'limited', '--consumes=stock', '--rate-limit');
    const [port, limitedPort, http, https] = await Promise.all(Array.from({ length: 4 }, freePort));
    const host = 'door.localhost';
    const file = 'environments/development.yml';
    await workspace.write(
      file,
      `${await workspace.read(file)}steady: 1s
services:
  gateway:
    publish: ${port}
  door:
    publish: { host: ${host}, tls: internal, address: 127.0.0.1, http: ${http}, https: ${https} }
  limited:
    publish: ${limitedPort}
    environment: { RATE_LIMIT: ${LIMIT} }
`,
    );
    await workspace.commit('Three gateways and three providers');
    await workspace.nx('run-many', '-t', 'compose-deploy');
    gateway = `http://127.0.0.1:${port}`;
    limited = `http://127.0.0.1:${limitedPort}`;
    const edge = await edgeContainer();
    const root = '/data/caddy/pki/authorities/local/root.crt';
    const ca = await mustRun('docker', ['exec', edge, 'cat', root]);
    entrances = [{ url: gateway }, { url: `https://${host}:${https}`, ca }];
  });

  afterAll(() => fresh?.remove());

  it(`loses no request while both gateways are deployed ${REDEPLOYS} times, and providers with them`, () =>
    loseNothing(async () => {
      for (let round = 1; round <= REDEPLOYS; round++) {
        const isLast = round === REDEPLOYS;
        const providers = isLast ? WITH.at(-1)! : WITH[(round - 1) % WITH.length]!;
        const long = isLast ? askForLong() : undefined;
        const open = await Promise.all(entrances.map(openStreams));
        await redeploy(`round-${round}`, providers);
        // Whoever was replaced first told them.
        for (const { url, events, socket } of open) {
          expect([round, url, await events.ended]).toEqual([round, url, 'in order']);
          expect(events.text()).toContain('beat');
          expect([round, url, await socket.closed]).toEqual([round, url, 1001]);
        }
        if (long) await expectAllAnswered(long);
      }
    }));

  async function redeploy(version: string, providers: readonly Provider[]): Promise<void> {
    const { workspace } = fresh;
    const before = await readContainers();
    for (const provider of providers) await writeVersion(workspace, provider, version);
    for (const service of GATEWAYS) {
      const file = `apps/${service}/src/main.ts`;
      await workspace.write(file, `${await workspace.read(file)}console.log('${version}');\n`);
    }
    await workspace.commit(version);
    const begun = performance.now();
    await mustEnd(affected());
    say(`${version} ${providers.join()} in ${((performance.now() - begun) / 1000).toFixed(1)} s`);
    expect(changedIn(before, await readContainers())).toEqual([...providers, ...GATEWAYS].sort());
    for (const provider of providers) expect(await readVersion(gateway, provider)).toBe(version);
  }

  /** An event stream and a WebSocket that have told something, to `orders` behind a gateway. */
  async function openStreams(entrance: Entrance) {
    const { url, ca } = entrance;
    const events = await openEvents(entrance);
    const socket = new WebSocket(`${url.replace('http', 'ws')}/api/orders/live`, {
      lookup: toThisMachine,
      ...(ca === undefined ? {} : { ca }),
    });
    const closed = once(socket, 'close').then(([code]) => code as number);
    await once(socket, 'message');
    return { url, events, socket: { closed, isOpen: () => socket.readyState === socket.OPEN } };
  }

  async function openEvents({ url, ca }: Entrance) {
    const options = { agent: false, lookup: toThisMachine, ...(ca === undefined ? {} : { ca }) };
    const request = (ca === undefined ? getPlain : getSecure)(`${url}/api/orders/events`, options);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    let text = '';
    response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    const ended = once(response, 'end').then(
      () => 'in order',
      (error: Error) => `cut: ${error.message}`,
    );
    return { text: () => text, ended };
  }

  async function expectAllAnswered(long: ReturnType<typeof askForLong>): Promise<void> {
    const statuses = await long.stop();
    say(`${statuses.length} requests of ${LONG_SECONDS} s`);
    expect(statuses.filter((status) => status !== 200)).toEqual([]);
    expect(statuses.length).toBeGreaterThan(LONG_SECONDS);
  }

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

  it('loses none beside gateways that never become healthy, and what is open stays open', async () => {
    const { workspace } = fresh;
    const before = await readContainers();
    for (const service of GATEWAYS) await breakReadiness(workspace, service);
    await workspace.edit('environments/development.yml', 'steady: 1s', 'healthTimeout: 10s');
    await workspace.commit('Gateways that never get ready');
    await loseNothing(async () => {
      const open = await Promise.all(entrances.map(openStreams));
      const { exitCode, output } = await affected().ended;
      expect(exitCode).toBe(1);
      for (const service of GATEWAYS) {
        expect(output).toMatch(new RegExp(`${service}: \\S+ was not healthy after 10 s`));
      }
      expect(output).toContain('the database is not there');
      for (const { events, socket } of open) {
        const heard = events.text().length;
        await expect.poll(() => events.text().length).toBeGreaterThan(heard);
        expect(socket.isOpen()).toBe(true);
      }
    });
    expect(changedIn(before, await readContainers())).toEqual([]);
  });

  /** The status of an answer to a container in the network of the services. */
  async function inNetwork(url: string): Promise<number> {
    const script = `fetch(process.argv[1]).then(({ status }) => console.log(status))`;
    const stdout = await mustRun('docker', [
      ...['run', '--rm', '--network', `${project}_edge`, 'node:24-bookworm-slim'],
      ...['node', '-e', script, url],
    ]);
    return Number(stdout.trim());
  }

  /** The running containers of each service and of the edge, by their ids. */
  async function readContainers(): Promise<Map<string, string>> {
    const label = 'com.docker.compose';
    const stdout = await mustRun('docker', [
      ...['ps', '--no-trunc', '--filter', `label=${label}.project=${project}`],
      ...['--format', `{{.Label "${label}.service"}} {{.ID}}`],
    ]);
    const containers = new Map<string, string>();
    for (const line of stdout.trim().split('\n').sort()) {
      const [service, id] = line.split(' ') as [string, string];
      containers.set(service, `${containers.get(service) ?? ''} ${id}`.trim());
    }
    return containers;
  }

  async function edgeContainer(): Promise<string> {
    return (await readContainers()).get('micro-edge')!;
  }

  /** The services whose containers are others, sorted. */
  function changedIn(before: Map<string, string>, after: Map<string, string>): string[] {
    const services = new Set([...before.keys(), ...after.keys()]);
    return [...services].filter((one) => before.get(one) !== after.get(one)).sort();
  }

  /** The port of the edge's container that is published there. */
  async function edgePort(url: string): Promise<string> {
    const lines = (await mustRun('docker', ['port', await edgeContainer()])).split('\n');
    return lines.find((line) => line.endsWith(`:${new URL(url).port}`))!.split('/')[0]!;
  }

  async function portOf(service: string): Promise<string> {
    return /^port: (\d+)$/m.exec(await fresh.workspace.read(`apps/${service}/service.yml`))![1]!;
  }

  function affected() {
    const since = ['--base=HEAD~1', '--head=HEAD'];
    return fresh.workspace.startNx(['affected', '-t', 'compose-deploy', ...since]);
  }

  /** Does the work while all routes of all providers are called at each entrance, for half an hour at most. */
  async function loseNothing(work: () => Promise<void>): Promise<void> {
    const loads = entrances.map((entrance) => ({
      entrance,
      load: startLoad({
        ...{ ...entrance, calls: CALLS },
        ...{ perSecond: 40, callers: 16, atMost: 72_000 },
      }),
    }));
    const told = async () => {
      for (const { entrance, load } of loads) {
        const protocol = new URL(entrance.url).protocol;
        say(`${expect.getState().currentTestName}, ${protocol} ${formatLoad(await load.stop())}`);
      }
    };
    await work().finally(told);
    for (const { load } of loads) {
      const report = await load.stop();
      expect(report.failed).toEqual([]);
      expect(report.sent.POST).toBeGreaterThan(50);
    }
  }
});
