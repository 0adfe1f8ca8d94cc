import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeEngine } from '../../../../tools/testing/describe-engine';
import { docker, EngineWorkspace } from '../testing/engine-workspace';
import { runCommand } from '../testing/shell';
import { doctorCommand } from './doctor/command';
import { logsCommand } from './logs/command';
import type { Command } from './shell';
import { statusCommand } from './status/command';
import type { PlatformStatus } from './status/document';

/** Logs each request as a service on the chassis does, and one line that is no JSON. */
const logger = (name: string) => `import { createServer } from 'node:http';

const server = createServer((request, response) => {
  const requestId = request.headers['x-request-id'];
  if (requestId) {
    const line = { level: 'info', time: Date.now(), service: '${name}', requestId, msg: 'asked' };
    console.log(JSON.stringify({ ...line, req: { method: request.method, url: request.url } }));
  }
  response.end('ok');
});
server.listen(Number(process.env.PORT), () => console.log('${name} listens'));
process.on('SIGTERM', () => server.close(() => process.exit(0)));
`;

describeEngine('micro', () => {
  let workspace: EngineWorkspace;

  beforeAll(async () => {
    workspace = new EngineWorkspace();
    workspace.addService('orders', 3001, { main: logger('orders') });
    workspace.addService('users', 3002, { main: logger('users') });
    for (const service of ['orders', 'users']) {
      expect(await workspace.ship(service)).toMatchObject({ success: true });
    }
  });

  afterAll(() => workspace?.remove());

  const run = (command: Command, line: string) => runCommand(command, workspace.root, line);

  const status = async () =>
    JSON.parse((await run(statusCommand, '--json')).output) as PlatformStatus;

  const serviceOf = async (name: string) =>
    (await status()).services.find((service) => service.name === name)!;

  const ask = (service: string, port: number, requestId: string) =>
    docker(
      ...['exec', workspace.containerIds(service)[0]!, 'node', '-e'],
      `await fetch('http://127.0.0.1:${port}/hello', { headers: { 'x-request-id': '${requestId}' } })`,
    );

  it('status: reports what was deployed as up to date', async () => {
    const { exitCode, output } = await run(statusCommand, '--check');
    expect(output).toMatch(/✓ +orders +up to date +\w{12} .* 1\/1 +healthy +\d+ s ago/);
    expect(output).toMatch(/everything is up to date$/);
    expect(exitCode).toBe(0);
    const orders = await serviceOf('orders');
    const { key } = workspace.receipt('orders', 'docker-build');
    expect(orders).toMatchObject({ state: 'in-step', drift: [], key, wantedKey: key });
    expect(Date.parse(orders.since!)).toBeGreaterThan(Date.now() - 5 * 60_000);
  });

  it('status: names the variable that changed, but not its value', async () => {
    const before = workspace.read('environments/development.yml');
    workspace.write({
      'environments/development.yml': `${before}services: { orders: { environment: { LOG_LEVEL: very-loud } } }\n`,
    });
    const { exitCode, output } = await run(statusCommand, '--check');
    expect(output).toMatch(/! +orders +drifted/);
    expect(output).toContain('entry changed: environment.LOG_LEVEL');
    expect(output).not.toContain('very-loud');
    expect(exitCode).toBe(1);
    expect((await serviceOf('users')).state).toBe('in-step');
    expect(await workspace.deploy('orders')).toMatchObject({ success: true });
    expect((await serviceOf('orders')).state).toBe('in-step');
    workspace.write({ 'environments/development.yml': before });
    expect((await serviceOf('orders')).drift).toEqual(['entry changed: environment.LOG_LEVEL']);
    expect(await workspace.deploy('orders')).toMatchObject({ success: true });
  });

  it('status: sees replicas that are missing', async () => {
    const before = workspace.read('environments/development.yml');
    workspace.write({
      'environments/development.yml': `${before}services: { users: { replicas: 2 } }\n`,
    });
    expect(await serviceOf('users')).toMatchObject({
      state: 'drifted',
      drift: ['1 of 2 replicas'],
      replicas: { running: 1, wanted: 2 },
    });
    workspace.write({ 'environments/development.yml': before });
  });

  it('status: shows what is built, pushed and running', async () => {
    const old = workspace.receipt('users', 'docker-build').key.slice(0, 12);
    workspace.write({ 'apps/users/src/main.ts': `${logger('users')}console.log('two');\n` });
    await workspace.build('users');
    await workspace.dockerBuild('users');
    const now = workspace.receipt('users', 'docker-build').key.slice(0, 12);
    expect((await serviceOf('users')).drift).toEqual([`built but not pushed: ${now}`]);
    await workspace.dockerPush('users');
    expect((await serviceOf('users')).drift).toEqual([`image changed: ${old} -> ${now}`]);
    expect(await workspace.deploy('users')).toMatchObject({ success: true });
    expect((await serviceOf('users')).state).toBe('in-step');
  });

  it('status: shows a service that left the workspace, and one that is not deployed', async () => {
    const files = ['compose.yaml', 'apps/users/service.yml'].map(
      (path) => [path, workspace.read(path)] as const,
    );
    workspace.write({
      'compose.yaml': workspace
        .read('compose.yaml')
        .replace('  - apps/users/compose.yaml\n', '  - apps/members/compose.yaml\n'),
      'apps/users/package.json': '{}',
      'apps/members/package.json': '{ "name": "@spec/members" }',
      'apps/members/service.yml': 'port: 3003\n',
      'apps/members/compose.yaml': 'services:\n  members: { image: members }\n',
    });
    const { left, services } = await status();
    workspace.write({
      ...Object.fromEntries(files),
      'apps/users/package.json': '{ "name": "@spec/users" }',
      'apps/members/package.json': '{}',
    });
    expect(left).toEqual(['users']);
    expect(services.map(({ name, state }) => `${name} ${state}`)).toEqual([
      'members not-deployed',
      'orders in-step',
    ]);
  });

  it('logs: shows one request through all services, in the order of time', async () => {
    ask('orders', 3001, 'one');
    ask('users', 3002, 'one');
    ask('users', 3002, 'other');
    ask('orders', 3001, 'one');
    const { output } = await run(logsCommand, '--request-id one');
    expect(output.replace(/^\S+/gm, '<time>')).toBe(
      [
        '<time>  orders  info   asked  GET /hello  requestId=one',
        '<time>  users   info   asked  GET /hello  requestId=one',
        '<time>  orders  info   asked  GET /hello  requestId=one',
      ].join('\n'),
    );
  });

  it('logs: keeps lines that are no JSON, of the services that are asked for', async () => {
    const { output } = await run(logsCommand, 'users');
    expect(output).toMatch(/^\S+ {2}users {2}users listens$/m);
    expect(output).not.toContain('orders');
    const json = (await run(logsCommand, 'users --json')).output.split('\n');
    expect(json.map((line) => JSON.parse(line) as unknown)).toContainEqual(
      expect.objectContaining({ service: 'users', text: 'users listens' }),
    );
    expect((await run(logsCommand, '--since 2099-01-01')).output).toBe('');
  });

  it('logs: follows, including containers that a deploy starts meanwhile', async () => {
    const ended = new AbortController();
    const heard: string[] = [];
    const hears = (text: string) =>
      expect.poll(() => heard.join('\n'), { timeout: 60_000 }).toContain(text);
    const following = runCommand(logsCommand, workspace.root, '--follow --since 1s', {
      signal: ended.signal,
      say: (line) => heard.push(line),
    });
    try {
      await new Promise((resolve) => setTimeout(resolve, 1500));
      ask('orders', 3001, 'live');
      await hears('requestId=live');
      workspace.write({ 'apps/orders/src/main.ts': logger('orders').replace('listens', 'is new') });
      expect(await workspace.ship('orders')).toMatchObject({ success: true });
      await hears('orders is new');
      ask('orders', 3001, 'after');
      await hears('requestId=after');
      expect(heard.filter((line) => line.includes('requestId=live'))).toHaveLength(1);
    } finally {
      ended.abort();
    }
    expect((await following).exitCode).toBe(0);
  });

  it('doctor: finds the engine, and a port that another program uses', async () => {
    const other = docker(
      ...['run', '--detach', '--rm', '--name', `${workspace.platform}-other`],
      ...['--publish', '127.0.0.1:0:3000', 'node:24-bookworm-slim', 'sleep', '60'],
    );
    const port = docker('port', other, '3000').split(':').at(-1)!;
    const before = workspace.read('environments/development.yml');
    workspace.write({
      'environments/development.yml': `${before}services: { orders: { publish: ${port} } }\n`,
    });
    const { exitCode, output } = await run(doctorCommand, '');
    workspace.write({ 'environments/development.yml': before });
    docker('rm', '--force', other);
    expect(output).toMatch(/^ok +engine +\d+\.\d+/m);
    expect(output).toMatch(/^ok +buildx +\d/m);
    expect(output).toMatch(/^(?:ok|warn|FAIL) +Compose +\d/m);
    expect(output).toMatch(/^(?:ok|warn|FAIL) +disk +[\d.]+ GB free in \//m);
    expect(output).toContain(
      `FAIL  port       127.0.0.1:${port} of orders is taken by the container ${workspace.platform}-other`,
    );
    // This workspace has no node_modules.
    expect(output).toContain('FAIL  Nx         not installed');
    expect(exitCode).toBe(1);
  });

  it('doctor: reports that no engine answers', async () => {
    workspace.write({ 'environments/away.yml': 'host: tcp://127.0.0.1:9\n' });
    const { exitCode, output } = await run(doctorCommand, '-e away');
    expect(output).toMatch(/FAIL +engine +.*no Docker Engine answers on tcp:\/\/127\.0\.0\.1:9/);
    expect(exitCode).toBe(1);
  });
});
