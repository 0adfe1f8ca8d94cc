import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeEngine } from '../../../../../tools/testing/describe-engine';
import { freePort } from '../../../../../tools/testing/free-port';
import { doctorCommand } from '../../commands/doctor/command';
import { logsCommand } from '../../commands/logs/command';
import { statusCommand } from '../../commands/status/command';
import type { PlatformStatus } from '../../commands/status/document';
import { type AcmeAuthority, startAcmeAuthority } from '../../testing/acme-authority';
import {
  askHost,
  askOverHttp2,
  holdConnection,
  shownCertificate,
  type HostAt,
} from '../../testing/edge-caller';
import { docker, EngineWorkspace } from '../../testing/engine-workspace';
import { runCommand } from '../../testing/shell';

/** Says what it is and what it hears of its caller. */
const echo = (name: string) => `import { createServer } from 'node:http';
import { hostname } from 'node:os';

createServer((request, response) => {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ name: ${JSON.stringify(name)}, container: hostname(), headers: request.headers }));
}).listen(Number(process.env.PORT));
process.on('SIGTERM', () => process.exit(0));
`;

interface Echo {
  name: string;
  container: string;
  headers: Record<string, string>;
}

const SHOP = 'shop.localhost';
const ADMIN = 'admin.localhost';

describeEngine('an environment with default settings', () => {
  let workspace: EngineWorkspace;
  let authority: AcmeAuthority | undefined;
  let ports: { plain: number; http: number; https: number };
  let shop: HostAt;
  let admin: HostAt;

  beforeAll(async () => {
    ports = { plain: await freePort(), http: await freePort(), https: await freePort() };
    workspace = new EngineWorkspace();
    workspace.addService('shop', 3000, { main: echo('shop'), manifest: 'kind: gateway\n' });
    workspace.addService('admin', 3002, { main: echo('admin'), manifest: 'kind: gateway\n' });
  });

  afterAll(() => {
    authority?.remove();
    workspace?.remove();
  });

  const environment = (services: string, edge = '') =>
    workspace.write({
      'environments/development.yml': `healthTimeout: 60\nsteady: 1\n${edge}services:\n${services}`,
    });

  const edgeId = () => workspace.containerIds('micro-edge')[0]!;

  const run = (command: typeof statusCommand, line = '') =>
    runCommand(command, workspace.root, line);

  const status = async () =>
    (JSON.parse((await run(statusCommand, '--json')).output) as PlatformStatus).edge;

  const hosts = (certificates = { shop: 'auto', admin: 'internal' }) =>
    (['shop', 'admin'] as const)
      .map(
        (name) =>
          `  ${name}:\n${name === 'shop' ? '    replicas: 2\n' : ''}    publish:\n      { host: ${name}.localhost, tls: ${certificates[name]}, address: 127.0.0.1, http: ${ports.http}, https: ${ports.https} }\n`,
      )
      .join('');

  const acme = () => `  acme: { ca: "${authority!.directory}", root: acme-root.pem }\n`;

  it('publishes a gateway through the edge from its first deploy on', async () => {
    environment(`  shop:\n    publish: ${ports.plain}\n`);
    const { success, output } = await workspace.ship('shop');
    expect(output).toMatch(/create +edge +it is not running\n/);
    expect(output).toContain(`shop: http://127.0.0.1:${ports.plain}`);
    expect(success).toBe(true);
    const answer = await askHost({ host: SHOP, port: ports.plain }, '/');
    expect((JSON.parse(answer.text) as Echo).name).toBe('shop');
    // No container but the edge's has a port of the host.
    expect(docker('port', workspace.containerIds('shop')[0]!)).toBe('');
    expect(docker('port', edgeId())).toContain(`127.0.0.1:${ports.plain}`);
  });

  it('has a certificate from an ACME authority for one host, and from its own CA for another', async () => {
    authority = await startAcmeAuthority(
      workspace.platform,
      `${workspace.platform}-development_edge`,
      [SHOP],
      // HTTPS comes first: listeners are in the order of their ports as texts.
      ports.http < ports.https ? { http: 8001, https: 8002 } : { http: 8002, https: 8001 },
    );
    workspace.write({ 'acme-root.pem': authority.root });
    environment(hosts(), `edge:\n${acme()}`);
    expect(await workspace.ship('admin')).toMatchObject({ success: true });
    expect(await workspace.deploy('shop')).toMatchObject({ success: true });
    shop = { host: SHOP, port: ports.https, ca: authority.root };
    await expect
      .poll(async () => (await askHost(shop, '/').catch(String)) as object, { timeout: 60_000 })
      .toMatchObject({ status: 200 });
    expect((await shownCertificate(shop)).subjectaltname).toBe(`DNS:${SHOP}`);
    const ca = docker('exec', edgeId(), 'cat', '/data/caddy/pki/authorities/local/root.crt');
    admin = { host: ADMIN, port: ports.https, ca };
    expect(await askHost(admin, '/')).toMatchObject({ status: 200 });
    expect(ca).not.toBe(authority.root);
  });

  it('routes each host to both containers of its service, and no other name', async () => {
    const heard = new Set<string>();
    for (let calls = 0; calls < 40; calls++) {
      const { name, container } = JSON.parse((await askHost(shop, '/')).text) as Echo;
      expect(name).toBe('shop');
      heard.add(container);
    }
    expect(heard.size).toBe(2);
    expect((JSON.parse((await askHost(admin, '/')).text) as Echo).name).toBe('admin');
    const other = await askHost({ host: 'other.localhost', port: ports.http }, '/');
    expect(other.status).toBe(421);
  });

  it('redirects HTTP to HTTPS, and speaks HTTP/2 there', async () => {
    const { status: code, headers } = await askHost({ host: SHOP, port: ports.http }, '/a?b=c');
    expect([code, headers.location]).toEqual([308, `https://${SHOP}:${ports.https}/a?b=c`]);
    const { protocol, text } = await askOverHttp2(shop, '/');
    expect(protocol).toBe('h2');
    expect((JSON.parse(text) as Echo).headers['x-forwarded-proto']).toBe('https');
  });

  it('tells the service who calls, and ignores forged headers', async () => {
    const told = {
      'x-forwarded-for': '203.0.113.9',
      'x-forwarded-proto': 'gopher',
      'x-forwarded-host': 'evil.example.com',
    };
    const { headers } = JSON.parse((await askHost(shop, '/', told)).text) as Echo;
    expect(headers['x-forwarded-for']).toMatch(/^(?:127|172|10|192\.168)[\d.]+$/);
    expect(headers['x-forwarded-proto']).toBe('https');
    expect(headers['x-forwarded-host']).toBe(SHOP);
    const variables = docker(
      'inspect',
      '--format',
      '{{json .Config.Env}}',
      workspace.containerIds('shop')[0]!,
    );
    expect(variables).toContain('TRUST_PROXY=10.0.0.0/8,172.16.0.0/12');
    expect(variables).toContain(`PUBLIC_URL=https://${SHOP}:${ports.https}`);
  });

  it('is seen by status, doctor and logs', async () => {
    const edge = await status();
    expect(edge).toMatchObject({ health: 'healthy', drift: [] });
    expect(edge!.ports.sort()).toEqual(
      [`127.0.0.1:${ports.http}`, `127.0.0.1:${ports.https}`].sort(),
    );
    expect(edge!.hosts.map(({ host, service, tls }) => [host, service, tls])).toEqual([
      [ADMIN, 'admin', 'internal'],
      [SHOP, 'shop', 'auto'],
    ]);
    for (const { certificateUntil } of edge!.hosts) {
      expect(Date.parse(certificateUntil!)).toBeGreaterThan(Date.now());
    }
    const { output } = await run(statusCommand);
    expect(output).toMatch(
      new RegExp(`https://${SHOP}:${ports.https} leads to shop, certificate: \\d+ hours left`),
    );
    const doctor = (await run(doctorCommand)).output;
    expect(doctor).toMatch(new RegExp(`ok +port +127.0.0.1:${ports.https} used by the edge for`));
    expect(doctor).toMatch(new RegExp(`ok +edge +the certificate of ${SHOP}: \\d+ hours left`));
    expect(doctor).toMatch(new RegExp(`(ok|warn) +host +${SHOP} leads`));
    expect((await run(logsCommand, 'edge')).output).toMatch(/micro-edge/);
  });

  it('logs requests as JSON if it is asked to, and no secret of them', async () => {
    const secret = { authorization: 'Bearer s3cret-header', cookie: 'session=s3cret-cookie' };
    await askHost(shop, '/quiet?token=s3cret-query', secret);
    environment(hosts(), `edge:\n  accessLog: json\n${acme()}`);
    const { success, output } = await workspace.deploy('shop');
    expect(output).toMatch(/reload +edge/);
    expect(success).toBe(true);
    await askHost(shop, '/loud?token=s3cret-query', secret);
    const lines = () => docker('logs', edgeId());
    await expect.poll(lines).toContain('/loud');
    expect(lines()).not.toContain('/quiet');
    expect(docker('logs', edgeId())).not.toContain('s3cret');
    const [line] = lines()
      .split('\n')
      .filter((one) => one.includes('/loud'))
      .map((one) => JSON.parse(one) as { status: number; request: { uri: string; host: string } });
    expect(line).toMatchObject({ status: 200, request: { uri: '/loud', host: SHOP } });
    const { output: logs } = await run(logsCommand, 'edge --json');
    expect(logs).toContain('"/loud"');
    expect(logs).not.toContain('s3cret');
  });

  it('limits headers, and the time that they and an idle connection take', async () => {
    const limits = '  headerBytes: 8192\n  headerTimeout: 1\n  idleTimeout: 2\n';
    environment(hosts(), `edge:\n${limits}${acme()}`);
    expect(await workspace.deploy('shop')).toMatchObject({ success: true });
    const large = await askHost(shop, '/', { 'x-large': 'x'.repeat(20_000) });
    expect(large.status).toBe(431);
    expect((await askHost(shop, '/', { 'x-large': 'x'.repeat(6_000) })).status).toBe(200);
    const slow = await holdConnection(ports.http, 'GET / HTTP/1.1\r\nHost: shop.localhost\r\n');
    expect(slow.seconds).toBeGreaterThan(0.8);
    expect(slow.seconds).toBeLessThan(5);
    const idle = await holdConnection(ports.http, 'GET / HTTP/1.1\r\nHost: shop.localhost\r\n\r\n');
    expect(idle.heard).toContain('308');
    expect(idle.seconds).toBeGreaterThan(1.8);
    expect(idle.seconds).toBeLessThan(8);
  });

  it('is recreated if it was killed or removed, which the plan says before', async () => {
    for (const command of [['kill'], ['rm', '--force']]) {
      docker(...command, edgeId());
      expect(await status()).toMatchObject({ health: 'down', drift: ['it is not running'] });
      expect((await run(statusCommand, '--check')).exitCode).toBe(1);
      const { success, output } = await workspace.deploy('shop');
      expect(output).toMatch(/create +edge +it is not running/);
      expect(success).toBe(true);
      expect(await askHost(shop, '/')).toMatchObject({ status: 200 });
      expect(await status()).toMatchObject({ health: 'healthy', drift: [] });
    }
  });
});
