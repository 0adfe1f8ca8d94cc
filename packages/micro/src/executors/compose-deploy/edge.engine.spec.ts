import { get, request as httpRequest } from 'node:http';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureCaddyImage } from '../../../../../tools/images/caddy/caddy-image';
import { describeEngine } from '../../../../../tools/testing/describe-engine';
import { freePort } from '../../../../../tools/testing/free-port';
import { formatLoad, startLoad } from '../../../../../tools/testing/load';
import { say } from '../../../../../tools/program';
import { docker, EngineWorkspace, server } from '../../testing/engine-workspace';

/** Deploys under load: `REDEPLOYS=10` is for docs/faults.md. */
const REDEPLOYS = Number(process.env['REDEPLOYS'] ?? 3);

const HOST = 'shop.localhost';

/** Beside what `server` answers: an event stream that ends when it stops, and an echo after an upgrade. */
const STREAMS = `
const streams = new Set();
server.on('request', (request, response) => {});
server.prependListener('request', (request, response) => {
  if (request.url !== '/events') return;
  response.end = () => response;
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const beat = setInterval(() => response.write('data: beat\\n\\n'), 100);
  streams.add(() => { clearInterval(beat); delete response.end; response.end(); });
});
server.on('upgrade', (request, socket) => {
  socket.write('HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n\\r\\n');
  const beat = setInterval(() => socket.write('beat'), 100);
  socket.on('error', () => {});
  streams.add(() => { clearInterval(beat); socket.end('bye'); });
});
process.on('SIGTERM', () => streams.forEach((end) => end()));
`;

const gateway = (text: string) => `${server(text)}${STREAMS}`;

/** The rows of docs/faults.md, "The published port". */
describeEngine('a published port', () => {
  let workspace: EngineWorkspace;
  let port: number;
  let http: number;
  let https: number;
  let version = 1;

  beforeAll(async () => {
    await ensureCaddyImage();
    [port, http, https] = [await freePort(), await freePort(), await freePort()];
    workspace = new EngineWorkspace();
    workspace.addService('gateway', 3000, { main: gateway('v1') });
    environment({ edge: 'false' });
    expect(await workspace.ship('gateway')).toMatchObject({ success: true });
  });

  afterAll(() => workspace?.remove());

  const environment = ({ edge = '{}', publish = String(port), more = '' } = {}) =>
    workspace.write({
      'environments/development.yml': `healthTimeout: 60\nsteady: 1\nedge: ${edge}\n${more}services:\n  gateway:\n    publish: ${publish}\n`,
    });

  const plainUrl = () => `http://127.0.0.1:${port}`;
  const asHost = (tls = 'internal', more = '') =>
    `{ host: ${HOST}, tls: ${tls}, address: 127.0.0.1, http: ${http}, https: ${https}${more} }`;

  const ask = async (url = `${plainUrl()}/`) => (await fetch(url)).text();

  const containers = () =>
    workspace.everything().filter((one) => /^(gateway|micro-edge)-\d/.test(one));

  const load = (url: string, ca?: string) =>
    startLoad({
      url,
      calls: [
        { method: 'GET', path: '/' },
        { method: 'POST', path: '/' },
      ],
      ...{ perSecond: 40, callers: 16, atMost: 72_000 },
      ...(ca === undefined ? {} : { ca }),
    });

  async function redeploy(): Promise<void> {
    workspace.write({ 'apps/gateway/src/main.ts': gateway(`v${++version}`) });
    const { success, output } = await workspace.ship('gateway');
    expect(output).not.toMatch(/(create|recreate|reload) +edge/);
    expect(success).toBe(true);
  }

  it('was held by the service itself, and goes over to the edge', async () => {
    expect(await ask()).toBe('v1');
    environment();
    const running = load(plainUrl());
    const { success, output } = await workspace.deploy('gateway');
    const report = await running.stop();
    say(`goes over to the edge: ${formatLoad(report)}`);
    expect(output).toMatch(
      /create +edge +it does not run; it takes the published port over from gateway/,
    );
    expect(output).toMatch(/gateway: http:\/\/127\.0\.0\.1:\d+/);
    expect(success).toBe(true);
    expect(await ask()).toBe('v1');
    expect(containers()).toHaveLength(2);
    // Refused at once while the port changed hands, and never for long.
    expect(report.slowestMs).toBeLessThan(15_000);
  });

  it(`loses no request while the service is replaced ${REDEPLOYS} times, over HTTP`, async () => {
    const edge = workspace.containerIds('micro-edge');
    const running = load(plainUrl());
    for (let round = 0; round < REDEPLOYS; round++) {
      await redeploy();
      expect(await ask()).toBe(`v${version}`);
    }
    const report = await running.stop();
    say(`replaced over HTTP: ${formatLoad(report)}`);
    expect(report.failed).toEqual([]);
    expect(workspace.containerIds('micro-edge')).toEqual(edge);
  });

  it('loses none, and no stream, beside a version that never becomes healthy', async () => {
    environment({ more: '' });
    workspace.write({
      'environments/development.yml': workspace
        .read('environments/development.yml')
        .replace('healthTimeout: 60', 'healthTimeout: 8'),
      'apps/gateway/src/main.ts': server('never', { ready: false }),
    });
    const running = load(plainUrl());
    const events = openEvents(`${plainUrl()}/events`);
    const { success } = await workspace.ship('gateway');
    const report = await running.stop();
    say(`never healthy: ${formatLoad(report)}`);
    expect(success).toBe(false);
    expect(report.failed).toEqual([]);
    expect(events.ended()).toBe(false);
    events.close();
    expect(await ask()).toBe(`v${version}`);
  });
});

/** An event stream through the edge. */
function openEvents(url: string) {
  let beats = 0;
  let isOver = false;
  const request = get(url, (response) => {
    response.on('data', () => beats++);
    response.on('close', () => (isOver = true));
  }).on('error', () => (isOver = true));
  return { beats: () => beats, ended: () => isOver, close: () => request.destroy() };
}
