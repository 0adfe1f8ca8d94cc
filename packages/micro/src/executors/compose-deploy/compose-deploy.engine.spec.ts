import { createServer } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeEngine } from '../../../../../tools/testing/describe-engine';
import { freePort } from '../../../../../tools/testing/free-port';
import { docker, dockerfile, EngineWorkspace, server } from '../../testing/engine-workspace';
import { probeWhile } from '../../testing/probe';

/** Asks `users` where the container was told that it is. */
const ASK_USERS =
  'fetch(process.env.MICROSERVICE_USERS_URL).then((r) => r.text()).then((text) => process.stdout.write(text))';

describeEngine('compose-deploy', () => {
  let workspace: EngineWorkspace;
  let other: EngineWorkspace;

  beforeAll(async () => {
    workspace = new EngineWorkspace();
    other = new EngineWorkspace();
    workspace.addService('orders', 3001);
    workspace.addService('users', 3002);
    other.addService('orders', 3001);
    for (const result of [
      await workspace.ship('orders'),
      await workspace.ship('users'),
      await other.ship('orders'),
    ]) {
      expect(result).toMatchObject({ success: true });
    }
  });

  afterAll(() => {
    workspace?.remove();
    other?.remove();
  });

  const probe = <T>(work: () => Promise<T>) =>
    probeWhile(
      {
        name: `${workspace.platform}-probe`,
        network: docker(
          'network',
          'ls',
          '--format',
          '{{.Name}}',
          '--filter',
          `name=${workspace.platform}`,
        ),
        url: 'http://orders:3001/',
      },
      work,
    );

  it('keeps the container of a service that did not change', async () => {
    const [id] = workspace.containerIds('orders');
    const receipt = workspace.read('dist/receipts/apps/orders/compose-deploy.development.json');
    const { success, output } = await workspace.ship('orders');
    expect({ success, output }).toMatchObject({
      success: true,
      output: expect.stringMatching(/keep +orders {2}nothing changed\norders {2}kept/) as string,
    });
    expect(workspace.containerIds('orders')).toEqual([id]);
    expect(workspace.read('dist/receipts/apps/orders/compose-deploy.development.json')).toBe(
      receipt,
    );
  });

  it('replaces what changed without a failed request, and nothing else', async () => {
    const before = [workspace.containerIds('users'), other.containerIds('orders')];
    const [old] = workspace.containerIds('orders');
    workspace.write({ 'apps/orders/src/main.ts': server('orders two') });
    const { result, probed } = await probe(() => workspace.ship('orders'));
    expect(result).toMatchObject({
      success: true,
      output: expect.stringMatching(
        /update +orders {2}its image changed, \w{12} -> \w{12}/,
      ) as string,
    });
    expect(probed.failures).toEqual({});
    expect(Object.keys(probed.answers)).toEqual(['orders', 'orders two']);
    expect(workspace.containerIds('orders')).not.toContain(old);
    expect(workspace.containerIds('orders')).toHaveLength(1);
    expect([workspace.containerIds('users'), other.containerIds('orders')]).toEqual(before);
  });

  it('restarts for a changed variable and says so', async () => {
    const users = workspace.containerIds('users');
    workspace.write({
      'environments/development.yml':
        'healthTimeout: 60\nservices: { orders: { environment: { GREETING: hello, MICROSERVICE_USERS_URL: "http://users:3200" } } }\n',
    });
    const { success, output } = await workspace.deploy('orders');
    expect(output).toMatch(/restart +orders {2}its entry changed: environment;/);
    expect(output).toMatch(
      /note +orders {2}it calls users at port 3200 .*, but users listens on port 3002/,
    );
    expect(success).toBe(true);
    const [id] = workspace.containerIds('orders');
    expect(docker('exec', id!, 'printenv', 'GREETING')).toBe('hello');
    expect(workspace.containerIds('users')).toEqual(users);
  });

  it('goes back to a release from before its port changed, and consumers still reach it', async () => {
    const [root, caller] = ['apps/users', workspace.containerIds('orders')[0]!];
    const compose = workspace.read(`${root}/compose.yaml`);
    workspace.write({
      [`${root}/service.yml`]: 'port: 3200\n',
      [`${root}/compose.yaml`]: compose.replace(/PORT: "\d+"/, 'PORT: "3200"'),
      [`${root}/Dockerfile`]: `${dockerfile(root, 3200)}LABEL spec=${workspace.platform}\n`,
      [`${root}/src/main.ts`]: server('users two'),
    });
    const asked = () => docker('exec', caller, 'node', '-e', ASK_USERS);
    expect(await workspace.ship('users')).toMatchObject({ success: true });
    expect(asked()).toBe('users two');
    const back = await workspace.deploy('users', { rollback: true });
    expect(back.output).toMatch(/update +users {2}back to r1 from r2/);
    expect(back.success).toBe(true);
    expect(asked()).toBe('users');
    expect(workspace.containerIds('orders')).toEqual([caller]);
    const again = await workspace.deploy('users', { to: 'r1' });
    expect(again.output).toMatch(/keep +users {2}nothing changed/);
  });

  it('prints a plan and does nothing if only the plan is asked for', async () => {
    const ids = workspace.containerIds('orders');
    workspace.write({ 'apps/orders/src/main.ts': server('orders planned') });
    await workspace.build('orders');
    await workspace.dockerBuild('orders');
    await workspace.dockerPush('orders');
    const receipt = workspace.read('dist/receipts/apps/orders/compose-deploy.development.json');
    const { success, output } = await workspace.deploy('orders', { plan: true });
    expect(output).toMatch(/^plan for development\n {2}update +orders {2}its image changed/);
    expect(success).toBe(true);
    expect(workspace.containerIds('orders')).toEqual(ids);
    expect(workspace.read('dist/receipts/apps/orders/compose-deploy.development.json')).toBe(
      receipt,
    );
  });

  it('keeps the old version serving if the new one never becomes healthy', async () => {
    const ids = workspace.containerIds('orders');
    const receipt = workspace.read('dist/receipts/apps/orders/compose-deploy.development.json');
    workspace.write({
      'apps/orders/src/main.ts': server('orders broken', { ready: false }),
      'environments/development.yml': workspace
        .read('environments/development.yml')
        .replace('60', '3'),
    });
    const { result, probed } = await probe(() => workspace.ship('orders'));
    expect(result.success).toBe(false);
    expect(result.output).toMatch(/orders: \S+ was not healthy after 3 s/);
    expect(result.output).toContain('    listening orders broken');
    expect(result.output).toContain('  its last health check said:\n    GET /ready: 503\n');
    expect(result.output).toMatch(/\S+ keeps serving; it was not touched$/);
    expect(probed.failures).toEqual({});
    expect(Object.keys(probed.answers)).toEqual(['orders two']);
    expect(workspace.containerIds('orders')).toEqual(ids);
    expect(
      docker(
        'ps',
        '--all',
        '--quiet',
        '--no-trunc',
        '--filter',
        `label=com.docker.compose.project=${workspace.platform}-development`,
        '--filter',
        'label=com.docker.compose.service=orders',
      ),
    ).toBe(ids[0]);
    expect(workspace.read('dist/receipts/apps/orders/compose-deploy.development.json')).toBe(
      receipt,
    );
  });

  it('stops a service first if it holds its published port itself, and restores it if the new one fails', async () => {
    const port = await freePort();
    const publish = `edge: false\nservices: { orders: { publish: ${port} } }\n`;
    workspace.write({
      'environments/development.yml': `healthTimeout: 60\n${publish}`,
      'apps/orders/src/main.ts': server('orders published'),
    });
    expect(await workspace.ship('orders')).toMatchObject({ success: true });
    expect(await ask(port)).toBe('orders published');
    const ids = workspace.containerIds('orders');

    workspace.write({ 'apps/orders/src/main.ts': server('orders three') });
    const { success, output } = await workspace.ship('orders');
    expect(success).toBe(true);
    expect(output).toContain('stopped first');
    expect(await ask(port)).toBe('orders three');
    expect(workspace.containerIds('orders')).not.toEqual(ids);

    const third = workspace.containerIds('orders');
    workspace.write({
      'environments/development.yml': `healthTimeout: 8\n${publish}`,
      'apps/orders/src/main.ts': server('orders broken', { ready: false }),
    });
    const failed = await workspace.ship('orders');
    expect(failed.success).toBe(false);
    expect(failed.output).toMatch(/, which ran before, serves again$/);
    expect(workspace.containerIds('orders')).toEqual(third);
    expect(await ask(port)).toBe('orders three');
  });

  it('says which port of the host is taken and leaves the old version serving', async () => {
    const ids = workspace.containerIds('orders');
    const blocker = createServer().listen(0, '127.0.0.1');
    await new Promise((listening) => blocker.once('listening', listening));
    try {
      const { port } = blocker.address() as { port: number };
      workspace.write({
        'environments/development.yml': `healthTimeout: 20\nedge: false\nservices: { orders: { publish: ${port} } }\n`,
      });
      const { success, output } = await workspace.deploy('orders');
      expect(success).toBe(false);
      expect(output).toContain(`127.0.0.1:${port} of the host is taken`);
      expect(output).toMatch(/serves again$/);
      expect(workspace.containerIds('orders')).toEqual(ids);
    } finally {
      await new Promise((closed) => blocker.close(closed));
    }
  });

  it('reports once that the engine does not answer', async () => {
    const receipt = workspace.read('dist/receipts/apps/orders/docker-push.development.json');
    workspace.write({
      'environments/away.yml': 'host: tcp://127.0.0.1:9\n',
      'dist/receipts/apps/orders/docker-push.away.json': receipt.replace('development', 'away'),
    });
    const { success, output } = await workspace.deploy('orders', { environment: 'away' });
    expect(success).toBe(false);
    expect(output).toMatch(/^error {2}.*no Docker Engine answers on tcp:\/\/127.0.0.1:9/);
  });

  it('says where the service is missing in the compose file', async () => {
    const text = workspace.read('compose.yaml');
    workspace.write({ 'compose.yaml': text.replace(/.*apps\/users.*\n/, '') });
    const { success, output } = await workspace.deploy('users');
    workspace.write({ 'compose.yaml': text });
    expect(success).toBe(false);
    expect(output).toContain('compose.yaml has no service "users": run "nx sync"');
  });

  async function ask(port: number): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${port}/`, {
      signal: AbortSignal.timeout(5000),
    });
    return response.text();
  }
});
