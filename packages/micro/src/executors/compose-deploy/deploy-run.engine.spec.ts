import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeEngine } from '../../../../../tools/testing/describe-engine';
import { docker, EngineWorkspace, server } from '../../testing/engine-workspace';
import { probeWhile } from '../../testing/probe';

const ENVIRONMENT = 'healthTimeout: 60\nsteady: 1\n';

describeEngine('a run over several services', () => {
  let workspace: EngineWorkspace;

  beforeAll(async () => {
    workspace = new EngineWorkspace();
    workspace.addService('users', 3001, { main: server('users 1') });
    workspace.addService('orders', 3002, {
      main: server('orders 1'),
      manifest: 'consumes: [users]\n',
    });
    workspace.addService('mail', 3003, { main: server('mail 1') });
    workspace.write({ 'environments/development.yml': ENVIRONMENT });
    await prepare('users', 'orders', 'mail');
  });

  afterAll(() => workspace?.remove());

  async function prepare(...services: string[]): Promise<void> {
    for (const service of services) {
      for (const step of ['build', 'dockerBuild', 'dockerPush'] as const) {
        expect(await workspace[step](service)).toMatchObject({ success: true });
      }
    }
  }

  const change = async (service: string, text: string, main = server(text)) => {
    workspace.write({ [`apps/${service}/src/main.ts`]: main });
    await prepare(service);
  };

  const answer = (service: string, port: number) => {
    const [id] = workspace.containerIds(service);
    return docker(...['exec', id!, 'node', '-e'], ask(port));
  };

  const state = () => workspace.everything().filter((name) => / running$/.test(name));

  it('prints one plan and rolls providers before their consumers', async () => {
    const plan = await workspace.deployTogether(['orders', 'users', 'mail'], { plan: true });
    expect(plan.output.split('\n')).toEqual([
      'plan for development',
      expect.stringMatching(/^ {2}create {3}mail {4}it is not running; \w{12}$/),
      expect.stringMatching(/^ {2}create {3}users {3}it is not running; \w{12}$/),
      expect.stringMatching(/^ {2}create {3}orders {2}it is not running; \w{12}; after users$/),
    ]);
    expect(workspace.everything()).toEqual([]);

    const { success, output, ended } = await workspace.deployTogether(['orders', 'users', 'mail']);
    expect(success).toBe(true);
    expect(output).toMatch(
      /users {2}healthy {2}\S+ {2}[^]*orders {2}healthy {2}[^]*development {2}done {2}3 created {2}\d+\.\d s$/,
    );
    expect(ended['orders']!.output).toMatch(
      /^orders {2}deployed {2}\S+ in development {2}\S+ s\n$/,
    );
    const startOf = (service: string) =>
      Date.parse(
        docker('inspect', '--format', '{{.State.StartedAt}}', workspace.containerIds(service)[0]!),
      );
    expect(startOf('users')).toBeLessThan(startOf('orders'));
    expect(workspace.everything()).toEqual([
      'mail-1 running',
      'mail.r1 created',
      'orders-1 running',
      'orders.r1 created',
      'users-1 running',
      'users.r1 created',
    ]);
  });

  it('gives a plan as one line of JSON', async () => {
    await change('users', 'users 2');
    const { output } = await workspace.deployTogether(['orders', 'users'], {
      plan: true,
      json: true,
    });
    expect(JSON.parse(output)).toMatchObject({
      environment: 'development',
      services: [
        { service: 'users', action: 'update', order: 'start-first', from: { release: 1 } },
        { service: 'orders', action: 'keep', after: ['users'] },
      ],
      left: [],
    });
  });

  it('does not change consumers of a service that fails, and deploys the others', async () => {
    await change('users', 'users broken', ENDS_AT_ONCE);
    await change('orders', 'orders 2');
    await change('mail', 'mail 2');
    const before = state();
    const { ended } = await workspace.deployTogether(['orders', 'users', 'mail']);
    expect(ended).toMatchObject({
      users: {
        success: false,
        output: expect.stringContaining('no database') as string,
      },
      orders: {
        success: false,
        output: expect.stringContaining(
          'orders was not changed, because users, which it consumes',
        ) as string,
      },
      mail: { success: true },
    });
    expect(answer('mail', 3003)).toBe('mail 2');
    expect(state().filter((name) => !name.startsWith('mail'))).toEqual(
      before.filter((name) => !name.startsWith('mail')),
    );
  });

  it('restores all of them with --atomic if one fails', async () => {
    await change('users', 'users 3');
    await change('mail', 'mail 3');
    await change('orders', 'orders broken', ENDS_AT_ONCE);
    const { result, probed } = await probe(() =>
      workspace.deployTogether(['orders', 'users', 'mail'], { atomic: true }),
    );
    workspace.write({ 'environments/development.yml': ENVIRONMENT });
    expect(result.ended['users']!.output).toMatch(
      /users was put back to r1 \(\S+\), because orders failed \(--atomic\)/,
    );
    expect(result.ended['mail']!.output).toMatch(/mail was put back to r2/);
    expect(result.ended['orders']!.output).toMatch(/orders-1 keeps serving; it was not touched/);
    expect(probed.failures).toEqual({});
    expect(Object.keys(probed.answers)).toEqual(['users 1', 'users 3']);
    expect(answer('users', 3001)).toBe('users 1');
    expect(answer('mail', 3003)).toBe('mail 2');
    expect(answer('orders', 3002)).toBe('orders 1');
    expect(workspace.everything().filter((name) => !/ running$/.test(name))).toEqual([
      'mail.r1 created',
      'mail.r2 created',
      'orders.r1 created',
      'users.r1 created',
    ]);
  });

  describe('goes back', () => {
    it('to the release before, and further, with the entry that it had', async () => {
      await change('mail', 'mail 4');
      workspace.write({
        'environments/development.yml': `${ENVIRONMENT}services: { mail: { environment: { LEVEL: high } } }\n`,
      });
      expect(await workspace.deploy('mail')).toMatchObject({ success: true });
      const level = () =>
        docker('exec', workspace.containerIds('mail')[0]!, 'printenv', 'LEVEL', 'PORT').split('\n');
      expect(level()).toEqual(['high', '3003']);

      const back = await workspace.deploy('mail', { rollback: true });
      expect(back.output).toMatch(/update +mail {2}back to r2 from r3, \w{12} -> \w{12}$/m);
      expect(back.output).toContain('a rollback does not undo migrations');
      expect(back.success).toBe(true);
      expect(answer('mail', 3003)).toBe('mail 2');
      expect(() => level()).toThrow();

      expect(await workspace.deploy('mail', { rollback: true })).toMatchObject({ success: true });
      expect(answer('mail', 3003)).toBe('mail 1');
      const none = await workspace.deploy('mail', { rollback: true });
      expect(none.success).toBe(false);
      expect(none.output).toMatch(
        /no earlier release of mail in development; the engine remembers r3/,
      );
    });

    it('and forward to any release that the engine remembers', async () => {
      expect(await workspace.deploy('mail', { to: 3 })).toMatchObject({ success: true });
      expect(answer('mail', 3003)).toBe('mail 4');
      const unknown = await workspace.deploy('mail', { to: 'r9' });
      expect(unknown.output).toMatch(/there is no release "r9" of mail/);
      const kept = await workspace.deploy('mail');
      expect(kept.output).toMatch(/keep +mail {2}nothing changed/);
    });

    it('remembers as many as the environment says', async () => {
      workspace.write({ 'environments/development.yml': `${ENVIRONMENT}releases: 2\n` });
      await change('mail', 'mail 5');
      expect(await workspace.deploy('mail')).toMatchObject({ success: true });
      expect(workspace.everything().filter((name) => name.startsWith('mail.'))).toEqual([
        'mail.r3 created',
        'mail.r4 created',
      ]);
      workspace.write({ 'environments/development.yml': ENVIRONMENT });
    });
  });

  it('replaces replicas one after the other, and restores all of them if a later one fails', async () => {
    const many = `${ENVIRONMENT}services: { users: { replicas: 3 } }\n`;
    workspace.write({ 'environments/development.yml': many });
    const grown = await workspace.deployTogether(['users']);
    expect(grown.success).toBe(true);
    expect(workspace.containerIds('users')).toHaveLength(3);

    await change('users', 'users 5');
    const lowest = watchCount('users');
    const { result, probed } = await probe(() => workspace.deploy('users'));
    expect(result.output).toContain('3 containers one after the other');
    expect(result.success).toBe(true);
    expect(await lowest()).toBeGreaterThanOrEqual(3);
    expect(probed.failures).toEqual({});
    expect(workspace.containerIds('users')).toHaveLength(3);

    const ids = workspace.containerIds('users');
    await change('users', 'users 6', SECOND_ENDS);
    const failed = await probe(() => workspace.deploy('users'));
    workspace.write({ 'environments/development.yml': many });
    expect(failed.result.output).toMatch(/is exited[^]*which ran before, serves again/);
    expect(failed.result.success).toBe(false);
    expect(failed.probed.failures).toEqual({});
    expect(workspace.containerIds('users')).toEqual(ids);
  });

  it('lists services that left the workspace, and removes them only if told to', async () => {
    const text = workspace.read('compose.yaml');
    workspace.write({ 'compose.yaml': text.replace(/.*apps\/mail.*\n/, '') });
    await change('orders', 'orders 9');
    const ids = workspace.containerIds('mail');
    const kept = await workspace.deployTogether(['users', 'orders'], { plan: true });
    expect(kept.output).toMatch(/left +mail {2,}it left the workspace; --prune removes it/);
    expect(workspace.containerIds('mail')).toEqual(ids);
    expect(await workspace.deployTogether(['orders'], { prune: true })).toMatchObject({
      success: true,
    });
    workspace.write({ 'compose.yaml': text, 'environments/development.yml': ENVIRONMENT });
    expect(workspace.everything().filter((name) => name.startsWith('mail'))).toEqual([]);
  });

  const probe = <T>(work: () => Promise<T>) =>
    probeWhile(
      {
        name: `${workspace.platform}-probe`,
        network: `${workspace.platform}-development_edge`,
        url: 'http://users:3001/',
      },
      work,
    );

  /** The fewest containers of a service that were found running at once. */
  function watchCount(service: string): () => Promise<number> {
    let lowest = Infinity;
    let on = true;
    const watching = (async () => {
      while (on) {
        lowest = Math.min(lowest, workspace.containerIds(service).length);
        await new Promise((next) => setTimeout(next, 200));
      }
    })();
    return async () => {
      on = false;
      await watching;
      return lowest;
    };
  }
});

const ask = (port: number) =>
  `fetch("http://127.0.0.1:${port}/").then((r) => r.text()).then((text) => process.stdout.write(text))`;

const ENDS_AT_ONCE = "throw new Error('no database');\n";

/** Ends at its start if another container of this version answers. */
const SECOND_ENDS = `import { createServer } from 'node:http';
import { lookup } from 'node:dns/promises';

const server = createServer((request, response) => void response.end('users alone'));
const others = await lookup('users', { all: true, family: 4 }).catch(() => []);
for (const { address } of others) {
  const text = await fetch(\`http://\${address}:3001/\`).then((answer) => answer.text()).catch(() => '');
  if (text === 'users alone') throw new Error('there is one already');
}
server.listen(Number(process.env.PORT));
process.on('SIGTERM', () => server.close(() => process.exit(0)));
`;
