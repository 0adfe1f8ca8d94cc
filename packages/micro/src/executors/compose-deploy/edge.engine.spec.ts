import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { get as getPlain, type IncomingMessage } from 'node:http';
import { get } from 'node:https';
import type { LookupFunction, Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureCaddyImage } from '../../../../../tools/images/caddy/caddy-image';
import { describeEngine } from '../../../../../tools/testing/describe-engine';
import { freePort } from '../../../../../tools/testing/free-port';
import { formatLoad, startLoad } from '../../../../../tools/testing/load';
import { say } from '../../../../../tools/program';
import { docker, dockerfile, EngineWorkspace, server } from '../../testing/engine-workspace';

/** Deploys under load: `REDEPLOYS=10` is for docs/faults.md. */
const REDEPLOYS = Number(process.env['REDEPLOYS'] ?? 3);

/** Of the load; each has one request at a time. */
const CALLERS = 16;

const HOST = 'shop.localhost';

/** Beside what `server` answers: an event stream that ends when it stops, and an echo after an upgrade. */
const STREAMS = `
const streams = new Set();
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

  const environment = ({ edge = '{}', publish = String(port) } = {}) =>
    workspace.write({
      'environments/development.yml': `healthTimeout: 60\nsteady: 1\nreleases: 50\nedge: ${edge}\nservices:\n  gateway:\n    publish: ${publish}\n`,
    });

  /** Another port in everything that names it. */
  function moveTo(port: number): void {
    const root = 'apps/gateway';
    const compose = workspace.read(`${root}/compose.yaml`);
    workspace.write({
      [`${root}/service.yml`]: `port: ${port}\n`,
      [`${root}/compose.yaml`]: compose.replace(/PORT: "\d+"/, `PORT: "${port}"`),
      [`${root}/Dockerfile`]: dockerfile(root, port),
    });
  }

  const plainUrl = () => `http://127.0.0.1:${port}`;
  const asHost = (tls = 'internal') =>
    `{ host: ${HOST}, tls: ${tls}, address: 127.0.0.1, http: ${http}, https: ${https} }`;

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
      ...{ perSecond: 40, callers: CALLERS, atMost: 72_000 },
      ...(ca === undefined ? {} : { ca }),
    });

  async function redeploy(edge?: RegExp): Promise<void> {
    workspace.write({ 'apps/gateway/src/main.ts': gateway(`v${++version}`) });
    const { success, output } = await workspace.ship('gateway');
    if (edge) expect(output).toMatch(edge);
    else expect(output).not.toMatch(/(create|recreate|reload) +edge/);
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
      /create +edge +it is not running; it takes over the published port from gateway/,
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

  it('loses none beside a version that never becomes healthy', async () => {
    workspace.write({
      'environments/development.yml': workspace
        .read('environments/development.yml')
        .replace('healthTimeout: 60', 'healthTimeout: 8'),
      'apps/gateway/src/main.ts': server('never', { ready: false }),
    });
    const running = load(plainUrl());
    const { success, output } = await workspace.ship('gateway');
    const report = await running.stop();
    say(`never healthy: ${formatLoad(report)}`);
    expect(output).toContain('was not healthy after 8 s');
    expect(success).toBe(false);
    expect(report.failed).toEqual([]);
    expect(await ask()).toBe(`v${version}`);
  });

  it('goes back to a release that held the port itself, behind the edge', async () => {
    environment();
    const edge = workspace.containerIds('micro-edge');
    const { success, output } = await workspace.deploy('gateway', { to: 1 });
    expect(output).not.toContain('stopped first');
    expect(success).toBe(true);
    expect(await ask()).toBe('v1');
    expect(workspace.containerIds('micro-edge')).toEqual(edge);
  });

  it('is answered while the service moves to another port, and back with a rollback', async () => {
    await redeploy();
    const before = `v${version}`;
    const edge = workspace.containerIds('micro-edge');
    moveTo(3100);
    const running = load(plainUrl());
    await redeploy(/reload +edge +its configuration changed/);
    expect(await ask()).toBe(`v${version}`);
    const back = await workspace.deploy('gateway', { rollback: true });
    const { failed } = await running.stop();
    expect(back.output).toMatch(/reload +edge +gateway listens on port 3000 in that release/);
    expect(back.success).toBe(true);
    expect(await ask()).toBe(before);
    // Caddy's reload cuts off what arrives in that moment: findings/caddy-reload-cuts-requests.sh.
    expect(failed.filter((line) => !/socket hang up|ECONNRESET/.test(line))).toEqual([]);
    expect(workspace.containerIds('micro-edge')).toEqual(edge);
  });

  it('is a host with HTTPS: the container of the edge is replaced, as the plan says', async () => {
    environment({ publish: asHost() });
    const before = workspace.containerIds('micro-edge');
    await redeploy(/recreate +edge +its entry changed: ports; its ports do not answer/);
    expect(workspace.containerIds('micro-edge')).not.toEqual(before);
    expect(containers()).toHaveLength(2);
    const redirect = await fetch(`http://127.0.0.1:${http}/a?b=c`, {
      method: 'POST',
      headers: { host: HOST },
      redirect: 'manual',
    });
    // `fetch` cannot set the host name, and the edge has no host with this one.
    expect(redirect.status).toBe(421);
    const { statusCode, headers } = await plainGet('/a?b=c');
    expect({ statusCode, location: headers.location }).toEqual({
      statusCode: 308,
      location: `https://${HOST}:${https}/a?b=c`,
    });
    expect(await overHttp2()).toBe(`v${version}`);
  });

  it(`loses no request over HTTPS in ${REDEPLOYS} deploys, and ends streams in order`, async () => {
    const running = load(`https://${HOST}:${https}`, root());
    for (let round = 0; round < REDEPLOYS; round++) {
      const events = await openStream('/events');
      const socket = await openStream('/socket', { upgrade: 'websocket', connection: 'Upgrade' });
      await redeploy();
      await until(() => events.ending() !== undefined && socket.ending() !== undefined);
      expect([events.ending(), socket.ending()]).toEqual(['end', 'end']);
      expect(events.beats()).toBeGreaterThan(10);
      expect(socket.text()).toMatch(/beat.*bye$/);
    }
    const report = await running.stop();
    say(`replaced over HTTPS: ${formatLoad(report)}`);
    expect(report.failed).toEqual([]);
  });

  it('loads a changed configuration without ending a stream', async () => {
    const edge = workspace.containerIds('micro-edge');
    const running = load(`https://${HOST}:${https}`, root());
    const events = await openStream('/events');
    const socket = await openStream('/socket', { upgrade: 'websocket', connection: 'Upgrade' });
    environment({ publish: asHost(), edge: '{ idleTimeout: 30, accessLog: json }' });
    const { success, output } = await workspace.deploy('gateway');
    expect(output).toMatch(
      /reload +edge +its configuration changed; open streams stay, but a request that arrives in that moment may be cut off/,
    );
    expect(success).toBe(true);
    const [atReload, socketAtReload] = [events.beats(), socket.text().length];
    await sleep(1000);
    expect(events.beats()).toBeGreaterThan(atReload);
    expect(socket.text().length).toBeGreaterThan(socketAtReload);
    expect([events.ending(), socket.ending()]).toEqual([undefined, undefined]);
    const { failed } = await running.stop();
    // Caddy's reload cuts off what arrives in that moment: findings/caddy-reload-cuts-requests.sh.
    expect(failed.filter((line) => !/socket hang up|ECONNRESET/.test(line))).toEqual([]);
    expect(failed.length).toBeLessThanOrEqual(CALLERS);
    expect(workspace.containerIds('micro-edge')).toEqual(edge);
    const log = docker('logs', edge[0]!);
    expect(log).toContain('"uri":"/"');
    expect((await workspace.deploy('gateway')).output).not.toMatch(/(reload|recreate) +edge/);
    events.close();
    socket.close();
  });

  it('serves a certificate of your own, after it looked whether it can', async () => {
    const pair = (name: string, cn: string) =>
      execFileSync(
        'openssl',
        [
          ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
          ...['-days', '2', '-subj', `/CN=${cn}`, '-addext', `subjectAltName=DNS:${cn}`],
          ...['-keyout', join(workspace.root, `${name}.key`)],
          ...['-out', join(workspace.root, `${name}.pem`)],
        ],
        { stdio: 'pipe' },
      );
    pair('right', HOST);
    pair('wrong', 'other.localhost');
    environment({ publish: asHost('{ certificate: wrong.pem, key: right.key }') });
    const refused = await workspace.deploy('gateway');
    expect(refused.success).toBe(false);
    expect(refused.output).toContain(
      'environments/development.yml:7: services.gateway.publish.tls: the key does not belong to the certificate',
    );
    expect(refused.output).toContain(`the certificate is not for ${HOST}, but for other.localhost`);
    environment({ publish: asHost('{ certificate: right.pem, key: right.key }') });
    const { success, output } = await workspace.deploy('gateway');
    expect(output).toMatch(/reload +edge/);
    expect(success).toBe(true);
    const certificate = readFileSync(join(workspace.root, 'right.pem'), 'utf8');
    expect(await overHttp2(certificate)).toBe(`v${version}`);
    const key = readFileSync(join(workspace.root, 'right.key'), 'utf8').split('\n')[1]!;
    expect(docker('inspect', workspace.containerIds('micro-edge')[0]!)).not.toContain(key);
    expect(output).not.toContain(key);
  });

  it('is hardened as services are', () => {
    const [edge] = workspace.containerIds('micro-edge');
    const [{ HostConfig, Config }] = JSON.parse(docker('inspect', edge!)) as [
      { HostConfig: Record<string, unknown>; Config: { User: string } },
    ];
    expect(HostConfig).toMatchObject({
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges:true'],
    });
    expect(Config.User).toBe('65532:65532');
  });

  it('is published by the service itself again without an edge', async () => {
    environment({ edge: 'false' });
    const { success, output } = await workspace.deploy('gateway');
    expect(output).toMatch(/remove +edge/);
    expect(output).toContain('nothing answers until the new one does');
    expect(success).toBe(true);
    expect(await ask()).toBe(`v${version}`);
    expect(containers()).toHaveLength(1);
  });

  const root = () => {
    const file = '/data/caddy/pki/authorities/local/root.crt';
    return docker('exec', workspace.containerIds('micro-edge')[0]!, 'cat', file);
  };

  async function overHttp2(ca = root()): Promise<string> {
    const session = connectHttp2(`https://${HOST}:${https}`, { ca, lookup: toThisMachine });
    try {
      return await new Promise((resolve, reject) => {
        session.on('error', reject);
        const stream = session.request({ ':path': '/' });
        let text = '';
        stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        stream.on('end', () => resolve(text)).on('error', reject);
      });
    } finally {
      session.close();
    }
  }

  function plainGet(path: string): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      getPlain({ port: http, path, headers: { host: HOST }, agent: false }, (response) => {
        response.resume();
        resolve(response);
      }).on('error', reject);
    });
  }

  /** A stream that continues until it is ended: `end` in order, `cut` otherwise. */
  function openStream(path: string, headers: Record<string, string> = {}) {
    let text = '';
    let ending: string | undefined;
    const watch = (stream: IncomingMessage | Socket, close: () => void) => {
      stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
      stream.on('end', () => (ending ??= 'end'));
      stream.on('error', () => (ending ??= 'cut'));
      stream.on('close', () => (ending ??= 'cut'));
      return {
        beats: () => text.split('beat').length - 1,
        text: () => text,
        ending: () => ending,
        close,
      };
    };
    return new Promise<ReturnType<typeof watch>>((resolve, reject) => {
      const options = { ca: root(), lookup: toThisMachine, agent: false as const, headers };
      const request = get(`https://${HOST}:${https}${path}`, options, (response) =>
        resolve(watch(response, () => request.destroy())),
      );
      request.on('upgrade', (_response, socket: Socket, head: Buffer) => {
        text += head.toString();
        resolve(watch(socket, () => socket.destroy()));
      });
      request.on('error', reject);
    });
  }
});

const toThisMachine: LookupFunction = (_name, { all }, found) =>
  all ? found(null, [{ address: '127.0.0.1', family: 4 }]) : found(null, '127.0.0.1', 4);

async function until(isSo: () => boolean): Promise<void> {
  for (let tries = 0; tries < 100 && !isSo(); tries++) await sleep(100);
}
