import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeEngine } from '../../../../../tools/testing/describe-engine';
import { docker, EngineWorkspace, server } from '../../testing/engine-workspace';
import { deployUntil, type Moment } from '../../testing/killed-deploy';
import { probeWhile } from '../../testing/probe';

const ENVIRONMENT = 'healthTimeout: 60\nsteady: 1\n';

describeEngine('a deploy that is ended', () => {
  let workspace: EngineWorkspace;
  let version = 1;

  beforeAll(async () => {
    workspace = new EngineWorkspace();
    workspace.addService('orders', 3001, { main: server('v1') });
    workspace.write({ 'environments/development.yml': ENVIRONMENT });
    expect(await workspace.ship('orders')).toMatchObject({ success: true });
  });

  afterAll(() => workspace?.remove());

  const probe = <T>(work: () => Promise<T>) =>
    probeWhile(
      {
        name: `${workspace.platform}-probe`,
        network: `${workspace.platform}-development_edge`,
        url: 'http://orders:3001/',
      },
      work,
    );

  /** Builds the next version and has it ready to be deployed. */
  async function prepare(): Promise<string> {
    const text = `v${++version}`;
    workspace.write({ 'apps/orders/src/main.ts': server(text) });
    for (const step of ['build', 'dockerBuild', 'dockerPush'] as const) {
      expect(await workspace[step]('orders')).toMatchObject({ success: true });
    }
    return text;
  }

  /** All that is left: one container that serves and one note for each release. */
  function expectClean(): void {
    const left = workspace.everything();
    expect(left.filter((name) => /^orders-\d+ running$/.test(name))).toHaveLength(1);
    expect(
      left.filter((name) => !/^(?:orders-\d+ running|orders\.r\d+ created)$/.test(name)),
    ).toEqual([]);
  }

  function answer(): string {
    const [id] = workspace.containerIds('orders');
    return docker('exec', id!, 'node', '-e', ASK);
  }

  it.each<[string, Moment]>([
    ['after the new container was made', { when: 'after', command: 'compose .*--no-start' }],
    ['while the new one is out of the network', { when: 'after', command: '^network disconnect' }],
    ['once the new one was started', { when: 'after', command: '^container start' }],
    ['while the new one is revealed', { when: 'after', command: '^network disconnect', nth: 2 }],
    ['once both are found', { when: 'after', command: '^network connect --alias' }],
    ['once the old one is hidden', { when: 'before', command: '^container stop' }],
    ['once the old one is stopped', { when: 'after', command: '^container stop' }],
    ['before the release is noted', { when: 'before', command: '^volume rm .*\\.open$' }],
  ])('by kill -9 %s is finished by the next, and no request fails', async (_, moment) => {
    const before = answer();
    const wanted = await prepare();
    const { result, probed } = await probe(async () => {
      const killed = await deployUntil(workspace, 'orders', moment);
      expect(killed.ended).toBe('SIGKILL');
      expect(workspace.everything()).toContain('lock created');
      const next = await workspace.deploy('orders', { breakLock: true });
      return next;
    });
    expect(result.output).toMatch(/the lock of \S+ was taken from/);
    expect(result).toMatchObject({ success: true });
    expect(probed.failures).toEqual({});
    expect(
      Object.keys(probed.answers).filter((text) => text !== before && text !== wanted),
    ).toEqual([]);
    expect(answer()).toBe(wanted);
    expectClean();
  });

  it('by kill -9 is waited for until its lock expires', async () => {
    const wanted = await prepare();
    await deployUntil(workspace, 'orders', { when: 'after', command: '^container start' });
    const started = Date.now();
    const next = await workspace.deploy('orders');
    expect(next.output).toMatch(/waiting for the lock of \S+@\S+ since [\d:]+ UTC \(pid \d+/);
    expect(next.output).toContain('who stopped renewing it');
    expect(next.success).toBe(true);
    expect(Date.now() - started).toBeLessThan(60_000);
    expect(answer()).toBe(wanted);
    expectClean();
  });

  it.each<[string, Moment]>([
    [
      'SIGTERM once the new one was started',
      { when: 'after', command: '^container start', signal: 'TERM' },
    ],
    [
      'SIGINT once both are found',
      { when: 'after', command: '^network connect --alias', signal: 'INT' },
    ],
  ])('by %s is undone at once', async (_, moment) => {
    const before = answer();
    await prepare();
    const ids = workspace.containerIds('orders');
    const { result, probed } = await probe(() => deployUntil(workspace, 'orders', moment));
    expect(result.output).toMatch(/the deploy was ended by SIG(?:TERM|INT)/);
    expect(result.exitCode).toBe(1);
    expect(probed.failures).toEqual({});
    expect(workspace.containerIds('orders')).toEqual(ids);
    expect(answer()).toBe(before);
    expectClean();
  });

  it('by SIGTERM once the old one is hidden is finished at once', async () => {
    const wanted = await prepare();
    const { result, probed } = await probe(() =>
      deployUntil(workspace, 'orders', {
        when: 'before',
        command: '^container stop',
        signal: 'TERM',
      }),
    );
    expect(result.exitCode).toBe(0);
    expect(probed.failures).toEqual({});
    expect(answer()).toBe(wanted);
    expectClean();
  });

  describe('if the old one is stopped first', () => {
    beforeAll(async () => {
      expect(await workspace.deploy('orders')).toMatchObject({ success: true });
      workspace.write({
        'apps/orders/compose.yaml': `${workspace.read('apps/orders/compose.yaml')}    volumes: [data:/data]\nvolumes:\n  data:\n`,
      });
      const { success, output } = await workspace.deploy('orders');
      expect(success).toBe(true);
      expect(output).toMatch(/restart +orders {2,}its entry changed: volumes/);
    });

    it.each<[string, Moment]>([
      ['once the old one is stopped', { when: 'after', command: '^container stop' }],
      ['once the new one was started', { when: 'after', command: '^container start' }],
    ])('by kill -9 %s is finished by the next', async (_, moment) => {
      const wanted = await prepare();
      await deployUntil(workspace, 'orders', moment);
      const next = await workspace.deploy('orders', { breakLock: true });
      expect(next).toMatchObject({ success: true });
      expect(answer()).toBe(wanted);
      expectClean();
    });

    it('comes back before a next version that is never healthy is tried', async () => {
      const before = answer();
      await prepare();
      await deployUntil(workspace, 'orders', { when: 'after', command: '^container stop' });
      workspace.write({
        'apps/orders/src/main.ts': server('broken', { ready: false }),
        'environments/development.yml': 'healthTimeout: 3\nsteady: 1\n',
      });
      for (const step of ['build', 'dockerBuild', 'dockerPush'] as const) {
        await workspace[step]('orders');
      }
      const next = await workspace.deploy('orders', { breakLock: true });
      workspace.write({ 'environments/development.yml': ENVIRONMENT });
      expect(next.output).toMatch(
        /recover +orders {2,}a deploy was interrupted; \S+ serves again first/,
      );
      expect(next.success).toBe(false);
      expect(answer()).toBe(before);
      expectClean();
    });
  });
});

const ASK =
  'fetch("http://127.0.0.1:3001/").then((r) => r.text()).then((text) => process.stdout.write(text))';
