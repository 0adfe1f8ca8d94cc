import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureCaddyImage } from '../../../../../tools/images/caddy/caddy-image';
import { describeEngine } from '../../../../../tools/testing/describe-engine';
import { freePort } from '../../../../../tools/testing/free-port';
import { docker, EngineWorkspace, server } from '../../testing/engine-workspace';
import { deployUntil, type Moment } from '../../testing/killed-deploy';

const HEADER = { 'x-version': 'next' };
const START = { canary: 50 };
const PROMOTE = { promote: true };
const ABORT = { abort: true };

/** The rows of docs/faults.md, "A canary on Compose". */
describeEngine('a canary', () => {
  let workspace: EngineWorkspace;
  let port: number;

  beforeAll(async () => {
    await ensureCaddyImage();
    port = await freePort();
    workspace = new EngineWorkspace();
    workspace.addService('gateway', 3000, { main: server('v1') });
    workspace.addService('users', 3001, { main: server('users') });
    workspace.write({
      'environments/development.yml': `healthTimeout: 60\nsteady: 1\nservices:\n  gateway:\n    publish: ${port}\n`,
    });
    expect(await workspace.ship('gateway')).toMatchObject({ success: true });
    expect(await workspace.ship('users')).toMatchObject({ success: true });
  });

  afterAll(() => workspace?.remove());

  const serve = (text: string, service = 'gateway') =>
    workspace.write({ [`apps/${service}/src/main.ts`]: server(text) });

  const ask = async (headers: Record<string, string> = {}, method = 'GET') => {
    const answer = await fetch(`http://127.0.0.1:${port}/`, { method, headers });
    return { status: answer.status, text: await answer.text() };
  };

  /** How many of 400 requests each version answered. */
  async function shares(): Promise<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (let count = 0; count < 400; count++) {
      const { status, text } = await ask({}, count % 2 === 0 ? 'GET' : 'POST');
      const what = status === 200 ? text : String(status);
      counts[what] = (counts[what] ?? 0) + 1;
    }
    return counts;
  }

  it('gets its share of the requests, and those with its header; the service stays as it is', async () => {
    const before = workspace.containerIds('gateway');
    serve('v2');
    const { success, output } = await workspace.ship('gateway', {
      canary: 25,
      canaryHeader: 'X-Version: next',
    });
    expect(output).toMatch(
      /canary +gateway +25 % of its requests and those with "X-Version: next" go to gateway-canary/,
    );
    expect(success).toBe(true);
    expect(workspace.containerIds('gateway')).toEqual(before);
    const counts = await shares();
    // 400 draws of a quarter: outside of these bounds once in some ten million runs.
    expect(counts['v2']).toBeGreaterThan(50);
    expect(counts['v2']).toBeLessThan(160);
    expect(counts['v1']! + counts['v2']!).toBe(400);
    expect((await ask(HEADER)).text).toBe('v2');
  });

  it('is kept if the same is asked for again', async () => {
    const canary = workspace.containerIds('gateway-canary');
    const { success, output } = await workspace.deploy('gateway', {
      canary: 25,
      canaryHeader: 'X-Version: next',
    });
    expect(output).toMatch(/up to date/);
    expect(output).not.toMatch(/edge +reloaded/);
    expect(success).toBe(true);
    expect(workspace.containerIds('gateway-canary')).toEqual(canary);
  });

  it('gets another share without a new container', async () => {
    const canary = workspace.containerIds('gateway-canary');
    const options = { canary: 0, canaryHeader: 'X-Version: next' };
    const { success, output } = await workspace.deploy('gateway', options);
    expect(output).toMatch(/edge +reloaded/);
    expect(success).toBe(true);
    expect(workspace.containerIds('gateway-canary')).toEqual(canary);
    expect(await shares()).toEqual({ v1: 400 });
    expect((await ask(HEADER)).text).toBe('v2');
  });

  it('stays while other services are deployed, and the service itself is not changed beside it', async () => {
    const canary = workspace.containerIds('gateway-canary');
    serve('users 2', 'users');
    const users = await workspace.ship('users', { prune: true });
    expect(users.success).toBe(true);
    serve('v3');
    const { success, output } = await workspace.ship('gateway');
    expect(output).toMatch(
      /gateway was not changed \(its image changed\), because requests with "X-Version: next" go to a canary \([0-9a-f]{12}\): deploy it with --promote, or remove it with --abort/,
    );
    expect(success).toBe(false);
    expect(workspace.containerIds('gateway-canary')).toEqual(canary);
    expect((await ask(HEADER)).text).toBe('v2');
  });

  it('leaves its requests to the version that serves while none of its containers does', async () => {
    const [canary = ''] = workspace.containerIds('gateway-canary');
    docker('stop', '--time=1', canary);
    for (const method of ['GET', 'POST']) {
      expect(await ask(HEADER, method)).toEqual({ status: 200, text: 'v1' });
    }
    docker('start', canary);
    await expect.poll(() => ask(HEADER), { timeout: 20_000 }).toMatchObject({ text: 'v2' });
  });

  it('is promoted as it ran, though something else was pushed since', async () => {
    const { success, output } = await workspace.deploy('gateway', { promote: true });
    expect(output).toMatch(
      /gateway +removed +\S*gateway-canary-1, its version serves all requests/,
    );
    expect(success).toBe(true);
    expect(await shares()).toEqual({ v2: 400 });
    expect(workspace.containerIds('gateway-canary')).toEqual([]);
    const again = await workspace.deploy('gateway', { promote: true });
    expect(again).toMatchObject({ success: false });
    expect(again.output).toMatch(/no canary of gateway runs in development/);
  });

  it('was promoted to a release like any other, to which a rollback goes back', async () => {
    expect(await workspace.ship('gateway')).toMatchObject({ success: true });
    expect((await ask()).text).toBe('v3');
    expect(await workspace.deploy('gateway', { rollback: true })).toMatchObject({ success: true });
    expect((await ask()).text).toBe('v2');
    expect(await workspace.deploy('gateway')).toMatchObject({ success: true });
    expect((await ask()).text).toBe('v3');
  });

  it('is nothing if all requests go to what was pushed last', async () => {
    const { success, output } = await workspace.deploy('gateway', { canary: 10 });
    expect(output).toMatch(/what was pushed last serves all requests, so there is nothing to try/);
    expect(success).toBe(true);
    expect(workspace.containerIds('gateway-canary')).toEqual([]);
  });

  it('is gone if it never gets healthy, and nobody was sent to it', async () => {
    workspace.write({ 'apps/gateway/src/main.ts': 'process.exit(3);' });
    const { success, output } = await workspace.ship('gateway', { canary: 50 });
    expect(success).toBe(false);
    expect(output).toMatch(/gateway-canary/);
    expect(workspace.containerIds('gateway-canary')).toEqual([]);
    expect(await shares()).toEqual({ v3: 400 });
    serve('v3');
    expect(await workspace.ship('gateway')).toMatchObject({ success: true });
  });

  it('is aborted: its requests go back first, and no other container is replaced', async () => {
    serve('v4');
    expect(await workspace.ship('gateway', { canary: 50 })).toMatchObject({ success: true });
    expect(Object.keys(await shares()).sort()).toEqual(['v3', 'v4']);
    const before = workspace.containerIds('gateway');
    const { success, output } = await workspace.deploy('gateway', { abort: true });
    expect(output).toMatch(/remove +gateway-canary +all requests go to the version of gateway/);
    expect(success).toBe(true);
    expect(await shares()).toEqual({ v3: 400 });
    expect(workspace.containerIds('gateway-canary')).toEqual([]);
    expect(workspace.containerIds('gateway')).toEqual(before);
  });

  it('is started, aborted and promoted by the next command if kill -9 ended one at the note of its share', async () => {
    serve('v4');
    expect(await workspace.ship('gateway')).toMatchObject({ success: true });
    serve('v5');
    for (const step of ['build', 'dockerBuild', 'dockerPush'] as const) {
      expect(await workspace[step]('gateway')).toMatchObject({ success: true });
    }
    const killed = async (options: object, when: Moment['when']) => {
      const moment: Moment = { when, command: '^volume create .*canaries' };
      const { ended } = await deployUntil(workspace, 'gateway', moment, options);
      expect(ended).toBe('SIGKILL');
      const counts = await shares();
      const again = await workspace.deploy('gateway', { ...options, breakLock: true });
      expect(again).toMatchObject({ success: true });
      return counts;
    };
    expect(await killed(START, 'before')).toEqual({ v4: 400 });
    expect((await shares())['v5']).toBeGreaterThan(100);
    expect((await killed(ABORT, 'after'))['v5']).toBeGreaterThan(100);
    expect(await shares()).toEqual({ v4: 400 });
    expect(await killed(START, 'after')).toEqual({ v4: 400 });
    expect(await killed(PROMOTE, 'after')).toEqual({ v5: 400 });
    expect(await shares()).toEqual({ v5: 400 });
    expect(workspace.everything().filter((name) => name.includes('canary'))).toEqual([]);
  });

  it('needs the edge: a service that only others call can have none', async () => {
    const { success, output } = await workspace.deploy('users', { canary: 10 });
    expect(success).toBe(false);
    expect(output).toMatch(/users can have no canary: the edge shares out requests/);
  });
});
