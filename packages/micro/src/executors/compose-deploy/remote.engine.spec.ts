import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { ensureRegistry } from '../../../../../tools/registry/ensure-registry';
import { describeSecondEngine } from '../../../../../tools/testing/second-engine/describe-second-engine';
import { logsCommand } from '../../commands/logs/command';
import { statusCommand } from '../../commands/status/command';
import { docker, EngineWorkspace, untilSaid } from '../../testing/engine-workspace';
import { deployUntil, type Moment } from '../../testing/killed-deploy';
import { probeWhile, type Probed } from '../../testing/probe';
import { runCommand } from '../../testing/shell';

const SECRET = 'spec-secret-remote';
/** A deploy has the lock, and has not yet changed what serves. */
const HAS_LOCK = { when: 'before', command: 'container start' } as const;

/** Rows of docs/faults.md, "Deploys": an engine that is far away, ends or has no room. */
describeSecondEngine('a deploy to another machine', (engine) => {
  let workspace: EngineWorkspace;
  let registry = '';
  let version = 1;

  const there = (...args: string[]) => engine().docker(...args);

  beforeAll(async () => {
    vi.stubEnv('PATH', `${engine().bin}:${process.env['PATH']}`);
    registry = (await ensureRegistry()).host;
    workspace = new EngineWorkspace({ deployed: there });
    workspace.addService('orders', 3001, { main: serverWith('one'), compose: ENTRY });
    workspace.write({ 'secrets/api-key': SECRET });
    environmentAt(`host: ${engine().host}`);
    const { success, output } = await workspace.ship('orders');
    expect(output).toContain(`orders  pulling  ${pushed()}`);
    expect(success).toBe(true);
  });

  afterAll(() => {
    workspace?.remove();
    vi.unstubAllEnvs();
  });

  function environmentAt(address: string): void {
    workspace.write({
      'environments/development.yml': `${address}
registry: ${registry}
healthTimeout: 60
steady: 1
services:
  orders:
    environment: { VERSION: v${version} }
    secrets: { API_KEY: { file: ./secrets/api-key } }
`,
    });
  }

  /** Wants the next version, which is another entry around the same image. */
  function change(): string {
    version += 1;
    environmentAt(`host: ${engine().host}`);
    return `v${version}`;
  }

  /** Wants another image, and has it in the registry. */
  async function push(main: string): Promise<void> {
    workspace.write({ 'apps/orders/src/main.ts': main });
    for (const step of ['build', 'dockerBuild', 'dockerPush'] as const) {
      expect(await workspace[step]('orders')).toMatchObject({ success: true });
    }
  }

  function pushed(): string {
    const { image, digest } = workspace.receipt('orders', 'docker-push.development');
    return `${image}@${digest}`;
  }

  const container = () => workspace.containerIds('orders')[0]!;
  const inside = (...command: string[]) => there('exec', container(), ...command);
  const answer = () => inside('node', '-e', ASK);
  const heal = () => workspace.deploy('orders', { breakLock: true });

  const probe = <T>(work: () => Promise<T>) =>
    probeWhile(
      {
        name: `${workspace.platform}-probe`,
        network: `${workspace.platform}-development_edge`,
        url: 'http://orders:3001/',
        image: there('inspect', '--format', '{{.Image}}', container()),
        docker: there,
      },
      work,
    );

  /** One container that serves what is wanted, and one note for each release. */
  function expectServing(wanted: string): void {
    const left = workspace.everything();
    const serving = left.filter((name) => /^orders-\d+ running$/.test(name));
    const rest = left.filter((name) => !/^orders\.r\d+ created$/.test(name));
    expect({ serving, rest }).toEqual({ serving: [expect.any(String)], rest: serving });
    expect(answer()).toBe(wanted);
  }

  /** Of all containers of the service, sorted; beside them there is the lock. */
  async function expectLeft(...states: string[]): Promise<void> {
    const left = () => workspace.everything().filter((name) => /^orders-/.test(name));
    await expect
      .poll(() =>
        left()
          .map((name) => name.split(' ')[1])
          .sort(),
      )
      .toEqual(states);
    expect(workspace.everything()).toContain('lock created');
  }

  function expectNoneLost(what: string, { asked, failures, slowest }: Probed): void {
    console.info(`${what}: ${asked} requests, slowest ${slowest} ms`);
    expect(failures).toEqual({});
  }

  it('runs the pushed image there and nothing here, with its secrets', () => {
    expectServing('v1');
    expect(there('inspect', '--format', '{{.Config.Image}}', container())).toBe(pushed());
    expect(inside('sh', '-c', 'cat "$API_KEY_FILE"')).toBe(SECRET);
    expect(there('inspect', container())).not.toContain(SECRET);
    expect(docker('ps', '--all', '--quiet', '--filter', `name=${workspace.platform}`)).toBe('');
  });

  it('is planned, loses no request, is seen, and goes back', async () => {
    const wanted = change();
    const planned = await workspace.deploy('orders', { plan: true });
    expect(planned.output).toMatch(/restart +orders {2}its entry changed: environment/);
    expectServing('v1');

    const { result, probed } = await probe(() => workspace.deploy('orders'));
    expect(result).toMatchObject({ success: true });
    expectNoneLost('a roll over ssh', probed);
    expectServing(wanted);
    const status = await runCommand(statusCommand, workspace.root, '--check');
    expect(status.output).toMatch(/✓ +orders +up to date .* 1\/1 +healthy/);
    expect(status.exitCode).toBe(0);
    const logs = await runCommand(logsCommand, workspace.root, 'orders');
    expect(logs.output).toMatch(/orders {2}listening, one$/);

    const back = await workspace.deploy('orders', { rollback: true });
    expect(back.output).toMatch(/restart +orders {2}back to r1 from r2/);
    expectServing('v1');
  });

  it('waits for a deploy that reaches the engine by another address, because the lock is on the engine', async () => {
    vi.stubEnv('DOCKER_CONFIG', join(workspace.root, 'docker'));
    const target = `host=${engine().host}`;
    execFileSync('docker', ['context', 'create', 'second', '--docker', target], { stdio: 'pipe' });
    const wanted = change();
    let second: ReturnType<typeof workspace.deploy> | undefined;
    const first = await deployUntil(workspace, 'orders', {
      ...HAS_LOCK,
      then: async () => {
        environmentAt('context: second');
        second = workspace.deploy('orders');
        await untilSaid(/^waiting for the lock/);
      },
    });
    const { output, success } = await second!;
    expect(first).toMatchObject({ exitCode: 0 });
    expect(output).toMatch(/^waiting for the lock of \S+ since [^]*keep +orders/);
    expect(success).toBe(true);
    expectServing(wanted);
  });

  describe('if the connection is lost', () => {
    const lost = /no Docker Engine answers on ssh:\S+ \(.+\)\. Make sure that ssh connects/;

    it.each<[string, string[], Moment]>([
      [
        'once the new one was started',
        ['running', 'running'],
        { when: 'after', command: 'container start' },
      ],
      [
        'while the old one is being stopped',
        ['exited', 'running'],
        { when: 'during', command: 'container stop' },
      ],
    ])('%s, no request fails and the next deploy heals it', async (what, left, moment) => {
      const old = container();
      const wanted = change();
      const { result, probed } = await probe(async () => {
        const { exitCode, output } = await deployUntil(workspace, 'orders', {
          ...moment,
          then: async () => {
            const isEnding = () => there('logs', old).includes('ending');
            while (moment.when === 'during' && !isEnding()) await sleep(50);
            await engine().loseSsh();
          },
        });
        expect(output).toMatch(lost);
        expect(output).toMatch(/the next deploy finishes or undoes what this one started$/m);
        expect(exitCode).toBe(1);
        await expectLeft(...left);
        await engine().restoreSsh();
        return heal();
      });
      expect(result).toMatchObject({ success: true });
      expectNoneLost(`ssh lost ${what}`, probed);
      expectServing(wanted);
    });

    it('without anybody being told, it ends as well', async () => {
      const wanted = change();
      const { result, probed } = await probe(async () => {
        const { exitCode, output } = await deployUntil(workspace, 'orders', {
          when: 'after',
          command: 'container start',
          then: () => engine().pullCable(),
        });
        await engine().plugCable();
        expect(output).toMatch(lost);
        expect(exitCode).toBe(1);
        return heal();
      });
      expect(result).toMatchObject({ success: true });
      expectNoneLost('cable pulled', probed);
      expectServing(wanted);
    });
  });

  describe('if the engine is restarted', () => {
    // One that was killed ends its containers when it is back, and starts none of them.
    it.each<[NodeJS.Signals, string, string[], Moment]>([
      [
        'SIGTERM',
        'once the new one was started',
        ['running', 'running'],
        { when: 'after', command: 'container start' },
      ],
      [
        'SIGKILL',
        'once the new one was started',
        ['exited', 'exited'],
        { when: 'after', command: 'container start' },
      ],
      [
        'SIGKILL',
        'once the old one is hidden',
        ['exited', 'exited'],
        { when: 'before', command: 'container stop' },
      ],
    ])('by %s %s, the next deploy heals it', async (signal, _, left, moment) => {
      const wanted = change();
      const { exitCode, output } = await deployUntil(workspace, 'orders', {
        ...moment,
        then: () => engine().stop(signal),
      });
      expect(output).toMatch(/no Docker Engine answers on ssh:\S+ \(Cannot connect to/);
      expect(output).toMatch(/the next deploy finishes or undoes what this one started$/m);
      expect(exitCode).toBe(1);
      await engine().start();
      await expectLeft(...left);
      const next = await heal();
      expect(next.output.includes('serves again')).toBe(signal === 'SIGKILL');
      expect(next.success).toBe(true);
      expectServing(wanted);
    });
  });

  describe('if the disk is full', () => {
    const full = /: the disk of the engine is full \(.*no space left on device\)\. Free some/;

    afterEach(() => engine().freeDisk());

    it.each<[string, Moment]>([
      ['the new one is made', { when: 'before', command: 'compose .*--no-start' }],
      ['the new one is started', { when: 'before', command: 'container start' }],
    ])('before %s, the old one serves on', async (_, moment) => {
      const [before, ids] = [answer(), workspace.containerIds('orders')];
      const wanted = change();
      const { exitCode, output } = await deployUntil(workspace, 'orders', {
        ...moment,
        then: () => engine().fillDisk(0),
      });
      await engine().freeDisk();
      expect(output).toMatch(full);
      expect(exitCode).toBe(1);
      expect(workspace.containerIds('orders')).toEqual(ids);
      expectServing(before);
      expect(await workspace.deploy('orders')).toMatchObject({ success: true });
      expectServing(wanted);
    });

    it('before the image arrives, nothing is changed; after the advised clean-up, a rollback still works', async () => {
      const [before, ids] = [answer(), workspace.containerIds('orders')];
      await push(serverWith('two'));
      await engine().fillDisk(0);
      const { output, success } = await workspace.deploy('orders');
      await engine().freeDisk();
      expect(output).toMatch(full);
      expect(success).toBe(false);
      expect(workspace.containerIds('orders')).toEqual(ids);
      expectServing(before);
      expect(await workspace.deploy('orders')).toMatchObject({ success: true });
      expect(there('logs', container())).toBe('listening, two');
      there('image', 'prune', '--all', '--force');
      expect(await workspace.deploy('orders', { rollback: true })).toMatchObject({ success: true });
      expect(there('logs', container())).toBe('listening, one');
    });
  });
});

/** As a generated entry; its health check starts no program that a busy machine needs seconds for. */
const ENTRY = `    restart: unless-stopped
    healthcheck: { test: [CMD, test, -e, /tmp/listening], interval: 1s, timeout: 30s }
`;

/** Answers with its version, and takes a moment to end. */
function serverWith(name: string): string {
  return `import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';

const server = createServer((request, response) => void response.end(process.env.VERSION));
server.listen(Number(process.env.PORT), () => {
  writeFileSync('/tmp/listening', '');
  console.log('listening, ${name}');
});
process.on('SIGTERM', () => {
  console.log('ending');
  setTimeout(() => server.close(() => process.exit(0)), 1000);
});
`;
}

const ASK =
  'fetch("http://127.0.0.1:3001/").then((r) => r.text()).then((text) => process.stdout.write(text))';
